// SPDX-License-Identifier: MIT

#include "host/measured_command.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "host/cpu_sets.hpp"
#include "util/own_process.hpp"
#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t longest_line = 4096;

// Both ends are opened, so that neither waits for the other, and the channel does not end with a writer.
Result<OwnedDescriptor> open_fifo(const std::string &path, int)
{
    OwnedDescriptor fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    if (!fd.is_open())
        return system_failure("open", path, errno);
    struct stat status = {};
    if (fstat(fd.get(), &status) != 0 || !S_ISFIFO(status.st_mode))
        return usage_error(path + " is not a FIFO", fmt::format("mkfifo {}", path));
    return fd;
}

bool allows(int flags, int access) { return (flags & O_ACCMODE) == O_RDWR || (flags & O_ACCMODE) == access; }

// Of `number`, for O_RDONLY or O_WRONLY. A pipe or FIFO is opened anew, for reading and writing without waiting.
// Everything else is shared with whoever else has the descriptor, and must stay as it is: a command that waits for an
// acknowledgement on the same socket must go on to wait.
OwnedDescriptor own_copy(int number, int access)
{
    struct stat status = {};
    if (fstat(number, &status) == 0 && S_ISFIFO(status.st_mode)) {
        OwnedDescriptor anew(::open(fmt::format("/proc/self/fd/{}", number).c_str(), access | O_NONBLOCK | O_CLOEXEC));
        if (anew.is_open())
            return anew;
    }
    return OwnedDescriptor(fcntl(number, F_DUPFD_CLOEXEC, 3));
}

bool is_ready(int fd, short event)
{
    pollfd one = {fd, event, 0};
    return poll(&one, 1, 0) > 0;
}

// read(2) and write(2) that do not wait, although the descriptor may be a blocking one. Between the look and the call,
// somebody else may take what there is; on a socket, not even that makes them wait.
ssize_t read_now(int fd, void *memory, std::size_t size)
{
    if (!is_ready(fd, POLLIN)) {
        errno = EAGAIN;
        return -1;
    }
    const ssize_t got = recv(fd, memory, size, MSG_DONTWAIT);
    return got < 0 && errno == ENOTSOCK ? read(fd, memory, size) : got;
}

void write_now(int fd, std::string_view text)
{
    if (is_ready(fd, POLLOUT) && send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno == ENOTSOCK && write(fd, text.data(), text.size()) < 0)
        return;
}

Result<OwnedDescriptor> take_descriptor(const std::string &text, int access)
{
    const int number = whole_number<int>(text).value_or(-1);
    if (number < 0)
        return usage_error(fmt::format("--control: \"{}\" is not a descriptor number", text));
    const int flags = fcntl(number, F_GETFL);
    if (flags < 0)
        return usage_error(fmt::format("--control: descriptor {} is not open", number));
    if (!allows(flags, access))
        return usage_error(fmt::format("--control: descriptor {} is not open for {}", number,
                                       access == O_RDONLY ? "reading" : "writing"));
    auto ours = own_copy(number, access);
    if (!ours.is_open())
        return system_failure("use descriptor", text, errno);
    return ours;
}

// Theory: what forks, binds and prepares is not what is measured, so all of it is done before the first sample. One
// write starts the command. The pipe that it would complain through is closed by a successful exec.

struct CommandPipes {
    Pipe ready, go, failures;
};

[[noreturn]] void be_the_command(const MeasuredCommand &command, const CommandPipes &pipes, const sigset_t &signals)
{
    auto arguments = pointers_to(command.arguments);
    using Step = WaitingProcess::Failure::Step;
    WaitingProcess::Failure failed{Step::bind, command.pin.empty() ? 0 : allow_cpus(command.pin)};
    char byte = 0;
    if (failed.error == 0 && write(pipes.ready.write_end.get(), &byte, 1) == 1 &&
        read_message(pipes.go.read_end.get(), &byte, 1)) {
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

Result<ControlChannel> ControlChannel::open(const std::string &where)
{
    const auto colon = where.find(':');
    const auto kind = where.substr(0, colon);
    if (colon == std::string::npos || (kind != "fifo" && kind != "fd"))
        return usage_error(fmt::format("--control: \"{}\" is neither a FIFO nor a descriptor", where),
                           "use fifo:COMMANDS[,ACKS] or fd:NUMBER[,NUMBER]");
    const auto names = where.substr(colon + 1);
    const auto comma = names.find(',');
    const auto open_one = kind == "fifo" ? open_fifo : take_descriptor;
    ControlChannel channel;
    channel.commands_ = TRY(open_one(names.substr(0, comma), O_RDONLY));
    if (comma == std::string::npos)
        return channel;
    channel.acknowledgements_ = TRY(open_one(names.substr(comma + 1), O_WRONLY));
    return channel;
}

std::optional<std::string> ControlChannel::next()
{
    for (;;) {
        const auto end = pending_.find('\n');
        if (end != std::string::npos) {
            auto line = pending_.substr(0, end);
            pending_.erase(0, end + 1);
            if (!std::exchange(too_long_, false))
                return line;
            continue;
        }
        if (pending_.size() > longest_line) {
            pending_.clear(); // no command is that long, nor is its end one
            too_long_ = true;
        }
        char piece[512];
        const ssize_t size = read_now(commands_.get(), piece, sizeof(piece));
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return {};
        if (size <= 0) {
            // It has no writer any more. poll() would say so without an end.
            commands_.reset();
            return {};
        }
        pending_.append(piece, static_cast<std::size_t>(size));
    }
}

void ControlChannel::acknowledge()
{
    // A program that does not read them must not stop us: what does not fit is lost.
    if (acknowledgements_.is_open())
        write_now(acknowledgements_.get(), "ack\n");
}

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
    CommandPipes pipes;
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
    read_message(pipes.ready.read_end.get(), &byte, 1); // fails when it could not be bound, which failure() tells
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
    if (!read_message(failures_.get(), &failed, sizeof(failed)))
        return {};
    return failed;
}

} // namespace krun
