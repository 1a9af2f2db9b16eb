// SPDX-License-Identifier: MIT

#include "util/own_process.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/resource.h>
#include <system_error>
#include <unistd.h>

namespace krun
{
namespace
{

// Atomic, as any thread may look, and lock-free, as a handler may use nothing else.
std::atomic<int> received = 0;
std::atomic<int> held = 0;
std::atomic<int> to_pass_on = 0;
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void remember_signal(int number, siginfo_t *info, void *)
{
    received = number;
    if (info->si_code <= 0) // of a process: what the kernel sends has a code of its own
        to_pass_on = number;
}

constexpr int ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

bool pipe_signal_is_ours = false; // we ignore SIGPIPE, our caller did not

bool is_ignored(int number)
{
    struct sigaction present = {};
    return sigaction(number, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

} // namespace

void install_interrupt_handlers()
{
    struct sigaction action = {};
    action.sa_sigaction = remember_signal;
    action.sa_flags = SA_SIGINFO;
    // No SA_RESTART: a blocked poll() or flock() comes back with EINTR, so that its caller sees the flag at once.
    sigemptyset(&action.sa_mask);
    for (const int number : ours) {
        if (!is_ignored(number))
            sigaction(number, &action, nullptr);
    }
    // A reader that is gone is an error of write(), not the end of krunctl.
    pipe_signal_is_ours = !is_ignored(SIGPIPE);
    action.sa_flags = 0;
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, nullptr);
    // Of a caller that ignores SIGCHLD we would inherit that our children's statuses are thrown away.
    action.sa_handler = SIG_DFL;
    sigaction(SIGCHLD, &action, nullptr);
}

void restore_signals_for_exec()
{
    if (pipe_signal_is_ours)
        signal(SIGPIPE, SIG_DFL);
    for (const int number : ours) {
        if (!is_ignored(number))
            signal(number, SIG_DFL); // exec does so too, but what comes before it would be lost in our handler
    }
}

bool interrupt_requested() { return received != 0 && held == 0; }

bool interrupt_noted() { return received != 0; }

HeldInterrupts::HeldInterrupts() { ++held; }

HeldInterrupts::~HeldInterrupts() { --held; }

int interrupt_signal() { return received; }

int take_signal_to_pass_on() { return to_pass_on.exchange(0); }

namespace
{

rlimit before{};
bool raised = false;

} // namespace

void raise_open_file_limit()
{
    if (raised || getrlimit(RLIMIT_NOFILE, &before) != 0)
        return;
    const rlimit highest{before.rlim_max, before.rlim_max};
    raised = setrlimit(RLIMIT_NOFILE, &highest) == 0;
}

void restore_open_file_limit_for_exec()
{
    if (raised)
        setrlimit(RLIMIT_NOFILE, &before);
}

namespace
{

void open_if_closed(int descriptor, int flags)
{
    if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF)
        return;
    // The lowest free number is taken, and those below are open by now.
    const int opened = open("/dev/null", flags);
    if (opened >= 0 && opened != descriptor) {
        dup2(opened, descriptor);
        close(opened);
    }
}

} // namespace

void open_standard_streams()
{
    open_if_closed(STDIN_FILENO, O_RDONLY);
    open_if_closed(STDOUT_FILENO, O_RDONLY); // write() fails with EBADF, as it does on the closed descriptor
    open_if_closed(STDERR_FILENO, O_WRONLY);
}

Result<void> finish_output()
{
    errno = 0;
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return {};
    // An earlier write may have failed, whose reason is gone.
    const auto reason = errno == 0 ? std::string() : ": " + std::generic_category().message(errno);
    return failure("cannot write to stdout" + reason);
}

bool output_lost_its_reader(int milliseconds)
{
    pollfd stream{STDOUT_FILENO, 0, 0}; // errors are told unasked
    return poll(&stream, 1, milliseconds) > 0 && (stream.revents & (POLLERR | POLLHUP)) != 0;
}

void abandon_output()
{
    const int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nothing < 0)
        return;
    dup2(nothing, STDOUT_FILENO);
    close(nothing);
    std::fflush(stdout);
    std::clearerr(stdout);
}

} // namespace krun
