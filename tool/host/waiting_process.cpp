// SPDX-License-Identifier: MIT
// Theory: what forks, binds and prepares is not what is measured, so all of it is done before the first sample. One
// write starts the command. The pipe that it would complain through is closed by a successful exec.
#include "host/waiting_process.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <fmt/format.h>

#include "host/affinity.hpp"
#include "util/interrupt.hpp"
#include "util/open_file_limit.hpp"
#include "util/system_error.hpp"

namespace krun
{

namespace
{

struct Pipe {
    OwnedDescriptor read_end;
    OwnedDescriptor write_end;
};

struct Pipes {
    Pipe ready, go, failures;
};

bool make_pipe(Pipe &pipe)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    pipe.read_end = OwnedDescriptor(ends[0]);
    pipe.write_end = OwnedDescriptor(ends[1]);
    return true;
}

bool read_whole(int fd, void *memory, std::size_t size)
{
    ssize_t got = 0;
    do
        got = read(fd, memory, size);
    while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(size);
}

[[noreturn]] void be_the_command(const MeasuredCommand &command, const Pipes &pipes, const sigset_t &signals)
{
    std::vector<char *> arguments;
    for (const auto &argument : command.arguments)
        arguments.push_back(const_cast<char *>(argument.c_str())); // exec's signature is older than const
    arguments.push_back(nullptr);
    using Step = WaitingProcess::Failure::Step;
    WaitingProcess::Failure failed{Step::bind, command.pin.empty() ? 0 : allow_cpus(command.pin)};
    char byte = 0;
    if (failed.error == 0 && write(pipes.ready.write_end.get(), &byte, 1) == 1 &&
        read_whole(pipes.go.read_end.get(), &byte, 1)) {
        restore_signals_for_exec();
        restore_open_file_limit_for_exec();
        sigprocmask(SIG_SETMASK, &signals, nullptr); // a Ctrl-C that has come meanwhile is the command's
        execvp(arguments[0], arguments.data());
        failed = {Step::become, errno};
    }
    if (write(pipes.failures.write_end.get(), &failed, sizeof(failed)) < 0)
        _exit(126);
    _exit(127);
}

extern "C" void only_wake_up(int) {}

} // namespace

SignalsOnlyInWait::SignalsOnlyInWait()
{
    sigset_t held;
    sigemptyset(&held);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD})
        sigaddset(&held, number);
    sigprocmask(SIG_BLOCK, &held, &before_);
    in_wait_ = before_;
    sigdelset(&in_wait_, SIGCHLD);
    struct sigaction wake = {};
    wake.sa_handler = only_wake_up; // what is ignored by default wakes nobody
    wake.sa_flags = SA_NOCLDSTOP;
    sigemptyset(&wake.sa_mask);
    sigaction(SIGCHLD, &wake, &child_before_);
}

SignalsOnlyInWait::~SignalsOnlyInWait()
{
    sigaction(SIGCHLD, &child_before_, nullptr);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

void SignalsOnlyInWait::wait(int descriptor) const
{
    pollfd one = {descriptor, POLLIN, 0};
    if (ppoll(&one, 1, nullptr, &in_wait_) < 0)
        return; // a signal
}

Result<WaitingProcess> WaitingProcess::make(const MeasuredCommand &command, const SignalsOnlyInWait &signals)
{
    Pipes pipes;
    if (!make_pipe(pipes.ready) || !make_pipe(pipes.go) || !make_pipe(pipes.failures))
        return system_failure("make", "a pipe", errno);
    WaitingProcess waiting;
    waiting.pid_ = fork();
    if (waiting.pid_ < 0)
        return system_failure("start", command.arguments.front(), errno);
    if (waiting.pid_ == 0) {
        pipes.go.write_end.reset(); // or it would never see that krunctl has died
        be_the_command(command, pipes, signals.usual());
    }
    pipes.ready.write_end.reset();
    pipes.failures.write_end.reset();
    char byte = 0;
    read_whole(pipes.ready.read_end.get(), &byte, 1); // fails when it could not be bound, which failure() tells
    waiting.go_ = std::move(pipes.go.write_end);
    waiting.failures_ = std::move(pipes.failures.read_end);
    return waiting;
}

Result<void> WaitingProcess::start()
{
    const char byte = 0;
    // A process that has failed has closed its end, and main() ignores the signal of a broken pipe.
    const bool started = write(go_.get(), &byte, 1) == 1 || errno == EPIPE;
    const int error = errno;
    go_.reset();
    if (!started)
        return system_failure("start", "the command", error);
    return {};
}

void WaitingProcess::give_up() { go_.reset(); }

std::optional<WaitingProcess::Failure> WaitingProcess::failure() const
{
    Failure failed{};
    if (!read_whole(failures_.get(), &failed, sizeof(failed)))
        return {};
    return failed;
}

} // namespace krun
