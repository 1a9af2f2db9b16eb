// SPDX-License-Identifier: MIT
// Starting and ending QEMU; see qemu_process.hpp.
#include "machine/qemu_process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "machine/qemu_arguments.hpp"
#include "util/interrupt.hpp"
#include "util/open_file_limit.hpp"
#include "util/system_error.hpp"

namespace krun
{
namespace
{

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

QemuProcess::QemuProcess(pid_t pid, OwnedDescriptor ended, OwnedDescriptor line)
    : pid_(pid), ended_(std::move(ended)), line_(std::move(line))
{
}

QemuProcess::QemuProcess(QemuProcess &&other) noexcept
    : pid_(std::exchange(other.pid_, -1)), status_(other.status_), ended_(std::move(other.ended_)),
      line_(std::move(other.line_))
{
}

QemuProcess::~QemuProcess()
{
    kill();
    wait();
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
    std::vector<char *> arguments;
    for (const std::string &argument : wanted.argv)
        arguments.push_back(const_cast<char *>(argument.c_str())); // exec's signature is older than const
    arguments.push_back(nullptr);

    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0)
        return failure(fmt::format("cannot start {}: {}", wanted.argv.front(), std::strerror(errno)));
    if (pid == 0)
        become_qemu(parent, {theirs.get(), log.get(), console.get()}, wanted.confinement, arguments);
    OwnedDescriptor ended(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
    return QemuProcess(pid, std::move(ended), std::move(ours));
}

void QemuProcess::kill()
{
    if (pid_ > 0)
        ::kill(pid_, SIGKILL);
}

int QemuProcess::wait()
{
    int how = 0;
    while (pid_ > 0) {
        if (waitpid(pid_, &how, 0) < 0 && errno == EINTR)
            continue;
        status_ = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
        pid_ = -1;
    }
    return status_;
}

} // namespace krun
