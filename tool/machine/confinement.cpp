// SPDX-License-Identifier: MIT
// See confinement.hpp.
#include "machine/confinement.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <grp.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "util/progress.hpp"
#include "util/system_error.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

// Debian gives these ids to nobody (policy 9.2.2). Not "nobody", whose processes and group are several programs'.
constexpr unsigned first_id = 65000;
constexpr unsigned ids = 500;

// user_namespaces(7): lines of "first here, first outside, how many".
bool has_our_ids(const std::string &map)
{
    const auto lines = lines_of(map);
    return std::any_of(lines.begin(), lines.end(), [](const std::string &line) {
        const auto words = words_of(line);
        if (words.size() != 3)
            return false;
        const auto first = std::strtoull(words[0].c_str(), nullptr, 10);
        return first <= first_id && first_id + ids <= first + std::strtoull(words[2].c_str(), nullptr, 10);
    });
}

// CAP_CHOWN, CAP_SETGID and CAP_SETUID, by their bits.
bool has_capabilities(const std::string &status)
{
    constexpr unsigned long long wanted = 1U << 0U | 1U << 6U | 1U << 7U;
    for (const auto &line : lines_of(status)) {
        if (line.starts_with("CapEff:"))
            return (std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 16) & wanted) == wanted;
    }
    return false;
}

bool can_be_somebody_else()
{
    SystemFilesystem files;
    return has_our_ids(files.read("/proc/self/uid_map").value_or("")) &&
           has_our_ids(files.read("/proc/self/gid_map").value_or("")) &&
           has_capabilities(files.read("/proc/self/status").value_or(""));
}

Result<void> let_read(const Confinement &confinement, const fs::path &path, mode_t mode)
{
    if (chown(path.c_str(), static_cast<uid_t>(-1), confinement.group) != 0 || chmod(path.c_str(), mode) != 0)
        return system_failure("change the owner of", path, errno);
    return {};
}

} // namespace

std::optional<Confinement> confinement_in(const fs::path &folder, bool kvm)
{
    if (geteuid() != 0 || !can_be_somebody_else())
        return std::nullopt;
    const unsigned id = first_id + static_cast<unsigned>(getpid()) % ids;
    Confinement confinement{id, id, {}, folder};
    struct stat device = {};
    constexpr mode_t of_others = S_IROTH | S_IWOTH;
    constexpr mode_t of_group = S_IRGRP | S_IWGRP;
    if (kvm && stat("/dev/kvm", &device) == 0 && (device.st_mode & of_others) != of_others) {
        if (device.st_gid == 0 || (device.st_mode & of_group) != of_group) {
            say("note: QEMU runs as root, since /dev/kvm is root's alone");
            return std::nullopt;
        }
        confinement.more_groups.push_back(device.st_gid);
    }
    return confinement;
}

Result<void> move_in(Filesystem &files, const Confinement &confinement, MachineRequest &request, QemuSetup &setup)
{
    constexpr mode_t folder_mode = 0750;
    constexpr mode_t file_mode = 0640;
    const auto take = [&](const fs::path &from, const fs::path &name) -> Result<void> {
        const auto to = confinement.folder / name;
        TRY(from == to ? Result<void>() : files.copy_file(from, to));
        return let_read(confinement, to, file_mode);
    };
    auto done =
        let_read(confinement, confinement.folder, folder_mode).and_then([&] { return take(request.kernel, "kernel"); });
    done = done.and_then([&] { return take(setup.initrd, "initrd"); });
    // A program that only we may execute, as after `umask 077`; usually it is opened where it is.
    struct stat program = {};
    constexpr mode_t executable = S_IROTH | S_IXOTH;
    if (stat(setup.qemu.c_str(), &program) == 0 && (program.st_mode & executable) != executable) {
        done = done.and_then([&] { return take(setup.qemu, "qemu"); }).and_then([&] {
            return let_read(confinement, confinement.folder / "qemu", folder_mode);
        });
        setup.qemu = confinement.folder / "qemu";
    }
    const fs::path firmware = "firmware";
    if (!setup.firmware.empty())
        done = done.and_then([&] { return files.make_directories(confinement.folder / firmware); }).and_then([&] {
            return let_read(confinement, confinement.folder / firmware, folder_mode);
        });
    for (const auto &from : setup.firmware) {
        const auto names = TRY(files.list(from));
        for (const auto &name : names)
            done = done.and_then([&] { return take(from / name, firmware / name); });
    }
    if (!done)
        return done;
    request.kernel = "kernel";
    setup.initrd = "initrd";
    if (!setup.firmware.empty())
        setup.firmware = {firmware};
    return {};
}

bool enter(const Confinement &confinement)
{
    return chdir(confinement.folder.c_str()) == 0 &&
           setgroups(confinement.more_groups.size(), confinement.more_groups.data()) == 0 &&
           setresgid(confinement.group, confinement.group, confinement.group) == 0 &&
           setresuid(confinement.user, confinement.user, confinement.user) == 0;
}

} // namespace krun
