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

namespace krun
{
namespace
{

struct Descriptors {
    int line;
    int log;
};

[[noreturn]] void become_qemu(pid_t parent, const Descriptors &descriptors, std::vector<char *> &arguments)
{
    // Its own group: the terminal's Ctrl-C is for krunctl (or the guest's shell), which ends QEMU itself.
    setpgid(0, 0);
    // Even a krunctl killed with SIGKILL leaves no QEMU behind.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    restore_signals_for_exec();
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    // The log first, as its number may be the one that the line must have.
    if (dup2(nothing, STDIN_FILENO) < 0 || dup2(descriptors.log, STDOUT_FILENO) < 0 ||
        dup2(descriptors.log, STDERR_FILENO) < 0)
        _exit(127);
    if (descriptors.line == line_descriptor)
        fcntl(line_descriptor, F_SETFD, 0);
    else if (dup2(descriptors.line, line_descriptor) < 0)
        _exit(127);
    execv(arguments.front(), arguments.data());
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

Result<QemuProcess> QemuProcess::start(const std::vector<std::string> &argv, const std::filesystem::path &log)
{
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failure(fmt::format("cannot create the connection to the guest: {}", std::strerror(errno)));
    OwnedDescriptor ours(ends[0]);
    const OwnedDescriptor theirs(ends[1]);
    const OwnedDescriptor log_file(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    if (!log_file.is_open())
        return failure(fmt::format("cannot write {}: {}", log.string(), std::strerror(errno)));
    fcntl(ours.get(), F_SETFL, O_NONBLOCK);
    std::vector<char *> arguments;
    for (const std::string &argument : argv)
        arguments.push_back(const_cast<char *>(argument.c_str())); // exec's signature is older than const
    arguments.push_back(nullptr);

    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0)
        return failure(fmt::format("cannot start {}: {}", argv.front(), std::strerror(errno)));
    if (pid == 0)
        become_qemu(parent, {theirs.get(), log_file.get()}, arguments);
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
