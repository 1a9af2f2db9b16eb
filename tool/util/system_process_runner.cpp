// SPDX-License-Identifier: MIT
// Running a program to its end: poll() on its pipes and its pidfd, deadlines, and the way out on Ctrl-C.
//
// Theory: the program is the leader of its own process group and is not reaped until the whole group has ended,
// so that the group's number cannot be reused while we may still send it a signal.
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "util/child_process.hpp"
#include "util/filesystem.hpp"
#include "util/own_process.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{
namespace
{

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto poll_interval = 200ms; // an upper bound for noticing a signal that came between two looks at the flag
constexpr auto time_to_end = 5s;      // between asking a group to end and killing it
constexpr auto drain_time = 500ms;    // for output of a program that ended while its orphans keep the pipes open
constexpr std::size_t kept_errors = 1 << 18;

void reap(pid_t pid, ProcessResult &result)
{
    int wait_status = 0;
    rusage used = {};
    while (wait4(pid, &wait_status, 0, &used) < 0 && errno == EINTR)
        ;
    result.status = exit_status_of(wait_status);
    result.cpu_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
}

// Without reaping it. The pidfd only wakes poll(): where the kernel has none, the interval does.
bool has_ended(pid_t pid)
{
    siginfo_t info = {};
    return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

bool was_stopped(const Command &command) { return command.stop != nullptr && *command.stop; }

// Cuts one stream into lines.
class LineCutter
{
  public:
    explicit LineCutter(const std::function<void(const std::string &)> &on_line) : on_line_(on_line) {}
    void add(const char *data, std::size_t size)
    {
        if (!on_line_)
            return;
        rest_.append(data, size);
        std::size_t begin = 0;
        for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
            on_line_(rest_.substr(begin, end - begin));
            begin = end + 1;
        }
        rest_.erase(0, begin);
    }
    void finish()
    {
        if (on_line_ && !rest_.empty())
            on_line_(rest_);
        rest_.clear();
    }

  private:
    const std::function<void(const std::string &)> &on_line_;
    std::string rest_;
};

// The log file that all output goes to as well.
class Log
{
  public:
    Result<void> open_for(const Command &command)
    {
        path_ = command.log;
        if (path_.empty())
            return {};
        std::ignore = make_folders(path_.parent_path()); // open() below has the reason when it cannot
        file_ = OwnedDescriptor(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
        if (!file_.is_open())
            return system_failure("write the log", path_, errno);
        const auto heading = "$ " + quoted(command) + "\n";
        add(heading.data(), heading.size());
        return check();
    }
    void add(const char *data, std::size_t size)
    {
        if (file_.is_open() && error_ == 0 && !write_whole(file_.get(), data, size))
            error_ = errno;
    }
    [[nodiscard]] bool failed() const { return error_ != 0; }
    [[nodiscard]] Result<void> check() const
    {
        if (failed())
            return system_failure("write the log", path_, error_);
        return {};
    }

  private:
    std::filesystem::path path_;
    OwnedDescriptor file_;
    int error_ = 0;
};

class Run
{
  public:
    Run(const Command &command, ChildProcess &child, Log &log)
        : command_(command), child_(child), log_(log), output_lines_(command.on_line), error_lines_(command.on_line),
          started_(Clock::now())
    {
    }

    ProcessResult to_the_end()
    {
        if (command_.input.empty())
            child_.input.reset();
        while (child_.output.is_open() || child_.errors.is_open() || !ended_) {
            if (ended_ && Clock::now() - *ended_ > drain_time)
                break;
            look_at_the_clock_and_signals();
            wait_for_something();
            if (!ended_ && has_ended(child_.pid))
                ended_ = Clock::now();
        }
        if (ending_)
            kill(-child_.pid, SIGKILL); // those of the group that outlived its leader
        reap(child_.pid, result_);
        output_lines_.finish();
        error_lines_.finish();
        return std::move(result_);
    }

  private:
    void end_group(int signal)
    {
        ending_ = Clock::now();
        kill(-child_.pid, signal);
    }

    void look_at_the_clock_and_signals()
    {
        const auto now = Clock::now();
        if (ending_) {
            if (now - *ending_ > time_to_end)
                kill(-child_.pid, SIGKILL);
        } else if (interrupt_requested()) {
            end_group(interrupt_signal() == SIGQUIT ? SIGTERM : interrupt_signal()); // no core files
        } else if (was_stopped(command_) || log_.failed()) {
            end_group(SIGTERM);
        } else if (command_.timeout && now - started_ > *command_.timeout) {
            result_.timed_out = true;
            end_group(SIGTERM);
        }
    }

    [[nodiscard]] int poll_milliseconds() const
    {
        auto wait = std::chrono::milliseconds(poll_interval);
        if (command_.timeout && !ending_) {
            const auto left = *command_.timeout - (Clock::now() - started_);
            wait = std::min(wait, std::max(0ms, std::chrono::duration_cast<std::chrono::milliseconds>(left) + 1ms));
        }
        return static_cast<int>(wait.count());
    }

    void wait_for_something()
    {
        // poll() skips negative descriptors, and a closed one of ours is -1.
        std::array<pollfd, 4> waiting{pollfd{child_.output.get(), POLLIN, 0}, pollfd{child_.errors.get(), POLLIN, 0},
                                      pollfd{child_.input.get(), POLLOUT, 0},
                                      pollfd{ended_ ? -1 : child_.ended.get(), POLLIN, 0}};
        if (poll(waiting.data(), waiting.size(), poll_milliseconds()) <= 0)
            return;
        if (waiting[0].revents != 0)
            take(child_.output, output_lines_, command_.capture ? &result_.output : nullptr);
        if (waiting[1].revents != 0) {
            take(child_.errors, error_lines_, &result_.errors);
            if (result_.errors.size() > 2 * kept_errors)
                result_.errors.erase(0, result_.errors.size() - kept_errors);
        }
        if (waiting[2].revents != 0)
            feed();
    }

    void take(OwnedDescriptor &stream, LineCutter &lines, std::string *kept)
    {
        std::array<char, 1 << 16> chunk; // NOLINT: filled by read()
        const auto size = read(stream.get(), chunk.data(), chunk.size());
        if (size < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        if (size <= 0) {
            stream.reset();
            return;
        }
        const auto count = static_cast<std::size_t>(size);
        log_.add(chunk.data(), count);
        if (kept != nullptr)
            kept->append(chunk.data(), count);
        lines.add(chunk.data(), count);
    }

    void feed()
    {
        const auto size = write(child_.input.get(), command_.input.data() + fed_, command_.input.size() - fed_);
        if (size < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        if (size > 0)
            fed_ += static_cast<std::size_t>(size);
        // A program that does not read all of its input is not an error.
        if (size < 0 || fed_ == command_.input.size())
            child_.input.reset();
    }

    const Command &command_;
    ChildProcess &child_;
    Log &log_;
    LineCutter output_lines_;
    LineCutter error_lines_;
    Clock::time_point started_;
    std::optional<Clock::time_point> ending_; // when we asked the group to end
    std::optional<Clock::time_point> ended_;  // when its leader did
    std::size_t fed_ = 0;
    ProcessResult result_;
};

// The terminal sends Ctrl-C and Ctrl-\ to both of us; a signal for krunctl alone is passed on here.
ProcessResult wait_on_terminal(const ChildProcess &child)
{
    termios before = {};
    const bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    bool forwarded = false;
    pollfd waiting{child.ended.get(), POLLIN, 0};
    while (!has_ended(child.pid)) {
        poll(&waiting, 1, static_cast<int>(std::chrono::milliseconds(poll_interval).count()));
        if (!forwarded && interrupt_requested() && interrupt_signal() != SIGINT && interrupt_signal() != SIGQUIT) {
            kill(child.pid, interrupt_signal());
            forwarded = true;
        }
    }
    ProcessResult result;
    reap(child.pid, result);
    if (terminal)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before); // a killed full-screen program leaves it raw
    return result;
}

} // namespace

Result<ProcessResult> SystemProcessRunner::run(const Command &command)
{
    if (interrupt_requested() || was_stopped(command))
        return interrupted();
    Log log;
    TRY(log.open_for(command));
    auto child = TRY(start_child(command));
    auto result = command.terminal ? wait_on_terminal(child) : Run(command, child, log).to_the_end();
    if (interrupt_requested() || was_stopped(command))
        return interrupted();
    TRY(log.check());
    return result;
}

} // namespace krun
