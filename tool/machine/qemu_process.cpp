// SPDX-License-Identifier: MIT

#include "machine/qemu_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "util/own_process.hpp"
#include "util/terminal.hpp"
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
    return (std::strtoull(field_of(status, "CapEff").c_str(), nullptr, 16) & wanted) == wanted;
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

// Between fork() and exec(). False, with errno set, when that is not allowed.
bool enter(const Confinement &confinement)
{
    return chdir(confinement.folder.c_str()) == 0 &&
           setgroups(confinement.more_groups.size(), confinement.more_groups.data()) == 0 &&
           setresgid(confinement.group, confinement.group, confinement.group) == 0 &&
           setresuid(confinement.user, confinement.user, confinement.user) == 0;
}

struct Descriptors {
    int line;
    int log;
    int console; // -1: none
};

// Out of the way of the numbers that they are to have.
Descriptors moved_up(const Descriptors &descriptors)
{
    constexpr int beyond_all = console_descriptor + 1;
    const auto moved = [](int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, beyond_all); };
    return {moved(descriptors.line), moved(descriptors.log), descriptors.console < 0 ? -1 : moved(descriptors.console)};
}

[[noreturn]] void become_qemu(pid_t parent, const Descriptors &given, const std::optional<Confinement> &confinement,
                              std::vector<char *> &arguments)
{
    // Its own group: the terminal's Ctrl-C is for krunctl (or the guest's shell), which ends QEMU itself.
    setpgid(0, 0);
    restore_signals_for_exec();
    restore_open_file_limit_for_exec();
    const auto descriptors = moved_up(given);
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (dup2(nothing, STDIN_FILENO) < 0 || dup2(descriptors.log, STDOUT_FILENO) < 0 ||
        dup2(descriptors.log, STDERR_FILENO) < 0 || dup2(descriptors.line, line_descriptor) < 0 ||
        (descriptors.console >= 0 && dup2(descriptors.console, console_descriptor) < 0))
        _exit(127);
    // Opened while we still may. It stays open in a script's interpreter, which reads it.
    const int program = open(arguments.front(), O_RDONLY);
    if (confinement && !enter(*confinement)) {
        dprintf(STDERR_FILENO, "cannot run QEMU without root's privileges: %s\n", std::strerror(errno));
        _exit(127);
    }
    // Even a krunctl killed with SIGKILL leaves no QEMU behind. After the change of users, which would undo it.
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(127);
    if (program >= 0)
        fexecve(program, arguments.data(), environ);
    dprintf(STDERR_FILENO, "cannot execute %s: %s\n", arguments.front(), std::strerror(errno));
    _exit(127);
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
    const fs::path &folder = confinement.folder;
    const auto take = [&](const fs::path &from, const fs::path &name, mode_t mode) -> Result<void> {
        const auto to = folder / name;
        if (from != to)
            TRY(files.copy_file(from, to));
        return let_read(confinement, to, mode);
    };
    TRY(let_read(confinement, folder, folder_mode));
    TRY(take(request.kernel, "kernel", file_mode));
    request.kernel = "kernel";
    TRY(take(setup.initrd, "initrd", file_mode));
    setup.initrd = "initrd";
    // A program that only we may execute, as after `umask 077`; usually it is opened where it is.
    struct stat program = {};
    constexpr mode_t executable = S_IROTH | S_IXOTH;
    if (stat(setup.qemu.c_str(), &program) == 0 && (program.st_mode & executable) != executable) {
        TRY(take(setup.qemu, "qemu", folder_mode));
        setup.qemu = folder / "qemu";
    }
    if (setup.firmware.empty())
        return {};
    const fs::path firmware = "firmware";
    TRY(files.make_directories(folder / firmware));
    TRY(let_read(confinement, folder / firmware, folder_mode));
    for (const auto &from : setup.firmware) {
        const auto names = TRY(files.list(from));
        for (const auto &name : names)
            TRY(take(from / name, firmware / name, file_mode));
    }
    setup.firmware = {firmware};
    return {};
}

Result<QemuProcess> QemuProcess::start(const QemuStart &wanted)
{
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failure(fmt::format("cannot create the connection to the guest: {}", std::strerror(errno)));
    OwnedDescriptor ours(ends[0]);
    const OwnedDescriptor theirs(ends[1]);
    const OwnedDescriptor log(open(wanted.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!log.is_open())
        return system_failure("write", wanted.log, errno);
    OwnedDescriptor console;
    if (!wanted.console.empty()) {
        console = OwnedDescriptor(open(wanted.console.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!console.is_open())
            return system_failure("write", wanted.console, errno);
    }
    fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    auto arguments = pointers_to(wanted.argv);
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0)
        return failure(fmt::format("cannot start {}: {}", wanted.argv.front(), std::strerror(errno)));
    if (pid == 0)
        become_qemu(parent, {theirs.get(), log.get(), console.get()}, wanted.confinement, arguments);
    OwnedDescriptor ended(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    return QemuProcess(std::move(ours), std::move(ended), OwnedChild(pid));
}

} // namespace krun
