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

#include "util/system_error.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

// "nobody" and "nogroup" in Debian, and the kernel's overflow ids: they own nothing.
constexpr unsigned nobody = 65534;

// user_namespaces(7): lines of "first here, first outside, how many".
bool has_nobody(const std::string &map)
{
    const auto lines = lines_of(map);
    return std::any_of(lines.begin(), lines.end(), [](const std::string &line) {
        const auto words = words_of(line);
        if (words.size() != 3)
            return false;
        const auto first = std::strtoull(words[0].c_str(), nullptr, 10);
        return first <= nobody && nobody < first + std::strtoull(words[2].c_str(), nullptr, 10);
    });
}

bool can_be_nobody()
{
    SystemFilesystem files;
    const auto users = files.read("/proc/self/uid_map");
    const auto groups = files.read("/proc/self/gid_map");
    return (!users || has_nobody(*users)) && (!groups || has_nobody(*groups));
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
    if (geteuid() != 0 || !can_be_nobody())
        return std::nullopt;
    Confinement confinement{nobody, nobody, {}, folder};
    struct stat device = {};
    if (kvm && stat("/dev/kvm", &device) == 0)
        confinement.more_groups.push_back(device.st_gid);
    return confinement;
}

Result<void> move_in(Filesystem &files, const Confinement &confinement, MachineRequest &request, QemuSetup &setup)
{
    constexpr mode_t folder_mode = 0750;
    constexpr mode_t file_mode = 0640;
    const auto take = [&](const fs::path &from, const fs::path &name) -> Result<void> {
        const auto to = confinement.folder / name;
        if (auto copied = from == to ? Result<void>() : files.copy_file(from, to); !copied)
            return copied;
        return let_read(confinement, to, file_mode);
    };
    auto done =
        let_read(confinement, confinement.folder, folder_mode).and_then([&] { return take(request.kernel, "kernel"); });
    done = done.and_then([&] { return take(setup.initrd, "initrd"); });
    const fs::path firmware = "firmware";
    if (!setup.firmware.empty())
        done = done.and_then([&] { return files.make_directories(confinement.folder / firmware); }).and_then([&] {
            return let_read(confinement, confinement.folder / firmware, folder_mode);
        });
    for (const auto &from : setup.firmware) {
        const auto names = files.list(from);
        if (!names)
            return tl::unexpected(names.error());
        for (const auto &name : *names)
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
