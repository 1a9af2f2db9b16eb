// SPDX-License-Identifier: MIT
// Theory: the command's process is made first, bound, and stopped before it becomes the command; so neither fork(2) nor
// our own preparations are measured. It is started by one write, after the first sample. At its end it is kept as a
// zombie, to which it can still be asked where it was bound, until the last sample has been taken. In between krunctl
// sleeps.
#include "host/measured_run.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sched.h>
#include <sstream>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "host/affinity.hpp"
#include "util/interrupt.hpp"
#include "util/progress.hpp"
#include "util/system_error.hpp"

namespace krun
{

namespace
{

struct Pipe {
    OwnedDescriptor read_end;
    OwnedDescriptor write_end;
};

Result<Pipe> make_pipe()
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return system_failure("make", "a pipe", errno);
    return Pipe{OwnedDescriptor(ends[0]), OwnedDescriptor(ends[1])};
}

bool read_whole(int fd, void *memory, std::size_t size)
{
    ssize_t got = 0;
    do
        got = read(fd, memory, size);
    while (got < 0 && errno == EINTR);
    return got == static_cast<ssize_t>(size);
}

enum class Step : int { bind, become };

struct Failure {
    Step step;
    int error;
};

// A process that waits to become the command.
struct Waiting {
    int pid = -1;
    OwnedDescriptor go;       // a byte starts it
    OwnedDescriptor failures; // why it could not be, or its end
};

[[noreturn]] void be_the_command(const MeasuredCommand &command, const Pipe &ready, const Pipe &go,
                                 const Pipe &failures)
{
    std::vector<char *> arguments;
    for (const auto &argument : command.arguments)
        arguments.push_back(const_cast<char *>(argument.c_str()));
    arguments.push_back(nullptr);
    Failure failed{Step::bind, command.pin.empty() ? 0 : allow_cpus(command.pin)};
    char byte = 0;
    if (failed.error == 0 && write(ready.write_end.get(), &byte, 1) == 1 && read_whole(go.read_end.get(), &byte, 1)) {
        restore_signals_for_exec();
        execvp(arguments[0], arguments.data());
        failed = {Step::become, errno};
    }
    if (write(failures.write_end.get(), &failed, sizeof(failed)) < 0)
        _exit(126);
    _exit(127);
}

Result<Waiting> fork_command(const MeasuredCommand &command)
{
    auto ready = make_pipe();
    auto go = make_pipe();
    auto failures = make_pipe();
    if (!ready || !go || !failures)
        return failure("a pipe cannot be made");
    const pid_t pid = fork();
    if (pid < 0)
        return system_failure("start", command.arguments.front(), errno);
    if (pid == 0) {
        go->write_end.reset(); // or it would never see that krunctl has died
        be_the_command(command, *ready, *go, *failures);
    }
    ready->write_end.reset();
    failures->write_end.reset();
    char byte = 0;
    read_whole(ready->read_end.get(), &byte, 1); // fails when it could not be bound, which finish() finds out
    return Waiting{pid, std::move(go->write_end), std::move(failures->read_end)};
}

Error cannot_bind(int error)
{
    return {ExitCode::usage,
            fmt::format("the command cannot be bound to these CPUs: {}", std::strerror(error)),
            "choose CPUs that are online and that you may use: taskset -p $$",
            {}};
}

double seconds_of(const timeval &time)
{
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// A process's CPUs; a zombie still has them. Empty if it may run on all that are online.
std::vector<int> bound_cpus(int pid)
{
    std::array<unsigned long, 8192 / (8 * sizeof(unsigned long))> mask{};
    const long bytes = syscall(SYS_sched_getaffinity, pid, sizeof(mask), mask.data());
    std::vector<int> cpus;
    for (long bit = 0; bit < bytes * 8; bit++) {
        const auto word = static_cast<std::size_t>(bit) / (8 * sizeof(unsigned long));
        if ((mask.at(word) >> (static_cast<std::size_t>(bit) % (8 * sizeof(unsigned long))) & 1) != 0)
            cpus.push_back(static_cast<int>(bit));
    }
    if (static_cast<long>(cpus.size()) >= sysconf(_SC_NPROCESSORS_ONLN))
        cpus.clear();
    return cpus;
}

std::uint64_t sum_or_less(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

} // namespace

std::optional<TaskSwitches> parse_switches(const std::string &status)
{
    const auto number_after = [&](const char *name) -> std::optional<std::uint64_t> {
        const auto at = status.find(name);
        if (at == std::string::npos || (at != 0 && status[at - 1] != '\n'))
            return {};
        return std::strtoull(status.c_str() + at + std::strlen(name), nullptr, 10);
    };
    const auto voluntary = number_after("voluntary_ctxt_switches:");
    const auto involuntary = number_after("nonvoluntary_ctxt_switches:");
    if (!voluntary || !involuntary)
        return {};
    return TaskSwitches{*voluntary, *involuntary};
}

std::optional<TaskSwitches> switches_of_process(int pid)
{
    const auto folder = fmt::format("/proc/{}/task", pid);
    DIR *tasks = opendir(folder.c_str());
    if (tasks == nullptr)
        return {};
    TaskSwitches sum;
    bool any = false;
    while (const dirent *task = readdir(tasks)) {
        if (task->d_name[0] == '.')
            continue;
        std::ifstream file(fmt::format("{}/{}/status", folder, task->d_name));
        std::stringstream text;
        text << file.rdbuf();
        const auto switches = parse_switches(text.str());
        if (!switches)
            continue; // it has just ended
        any = true;
        sum.voluntary += switches->voluntary;
        sum.involuntary += switches->involuntary;
    }
    closedir(tasks);
    return any ? std::optional(sum) : std::nullopt;
}

void add_delta(krunc_delta &sum, const krunc_delta &more, std::uint64_t tsc_hz)
{
    sum.valid &= more.valid;
    sum.derived &= more.derived;
    sum.quality |= more.quality;
    sum.unknown = (sum.unknown | more.unknown) & ~sum.quality;
    sum.throttle |= more.throttle;
    if (sum.status == KRUNC_OK)
        sum.status = more.status;
    for (const auto member :
         {&krunc_delta::ticks, &krunc_delta::ticks_least, &krunc_delta::ticks_most, &krunc_delta::aperf,
          &krunc_delta::mperf, &krunc_delta::cycles, &krunc_delta::instructions, &krunc_delta::clock,
          &krunc_delta::voluntary, &krunc_delta::involuntary, &krunc_delta::mperf_error, &krunc_delta::cycles_error,
          &krunc_delta::instructions_error})
        sum.*member += more.*member;
    for (const auto member :
         {&krunc_delta::smi, &krunc_delta::switches, &krunc_delta::irq_timer, &krunc_delta::irq_reschedule,
          &krunc_delta::irq_call, &krunc_delta::irq_device, &krunc_delta::irq_nmi, &krunc_delta::irq_other,
          &krunc_delta::own, &krunc_delta::sampled_by_others})
        sum.*member += more.*member;
    sum.seconds += more.seconds;
    if (sum.mperf != 0 && sum.ticks != 0) {
        sum.ratio = static_cast<double>(sum.aperf) / static_cast<double>(sum.mperf);
        sum.ratio_error = std::max(sum.ratio_error, more.ratio_error);
        sum.frequency = sum.ratio * static_cast<double>(tsc_hz);
        sum.busy = static_cast<double>(sum.mperf) / static_cast<double>(sum.ticks);
    }
}

Result<void> CommandMeter::begin(int pid)
{
    if (measuring_)
        return {};
    measuring_ = true;
    switches_before_ = switches_of_process(pid);
    energy_before_ = energy_.read();
    if (const auto error = session_.begin(before_))
        return failure(fmt::format("the counters cannot be read: {}", error.message()));
    return {};
}

Result<void> CommandMeter::end(std::optional<TaskSwitches> switches)
{
    if (!measuring_)
        return {};
    measuring_ = false;
    if (const auto error = session_.end(after_))
        return failure(fmt::format("the counters cannot be read: {}", error.message()));
    // What was measured is another process.
    before_.raw()->cpu = KRUNC_NO_CPU;
    after_.raw()->cpu = KRUNC_NO_CPU;
    const bool first = run_.windows++ == 0;
    run_.seconds += static_cast<double>(after_.raw()->clock - before_.raw()->clock) / 1e9;
    if (!switches || !switches_before_ || (!first && !run_.switches))
        run_.switches.reset();
    else
        run_.switches = TaskSwitches{(first ? 0 : run_.switches->voluntary) +
                                         sum_or_less(switches->voluntary, switches_before_->voluntary),
                                     (first ? 0 : run_.switches->involuntary) +
                                         sum_or_less(switches->involuntary, switches_before_->involuntary)};
    add_energy(run_.energy, energy_before_, energy_.read());
    for (std::uint32_t index = 0; index < session_.facts().readings; index++) {
        const auto delta = session_.difference(before_, after_, index);
        if (!delta)
            return failure(fmt::format("the counters cannot be subtracted: {}", delta.error().message()));
        if (first)
            run_.deltas.push_back(delta->raw());
        else
            add_delta(run_.deltas.at(index), delta->raw(), session_.facts().tsc_hz);
    }
    return {};
}

Result<void> CommandMeter::obey(int pid, const std::string &word)
{
    Result<void> done;
    if (word == "enable")
        done = begin(pid);
    else if (word == "disable")
        done = measuring_ ? end(switches_of_process(pid)) : Result<void>();
    else if (word != "ping")
        say(fmt::format("--control: unknown command \"{}\"", word));
    if (done)
        control_->acknowledge();
    return done;
}

// Until it is a zombie. Ctrl-C reaches the command as well; what others send to krunctl alone is passed on.
Result<void> CommandMeter::wait_for_end(int pid)
{
    OwnedDescriptor ended;
    if (control_ != nullptr) {
        ended = OwnedDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
        if (!ended.is_open())
            return system_failure("watch", "the command", errno);
    }
    int passed_on = 0;
    for (;;) {
        if (control_ != nullptr) {
            pollfd both[2] = {{ended.get(), POLLIN, 0}, {control_->descriptor(), POLLIN, 0}};
            if (poll(both, 2, -1) > 0) {
                while (const auto word = control_->next()) {
                    if (auto done = obey(pid, *word); !done)
                        return done;
                }
            }
        }
        siginfo_t info = {};
        const int flags = WEXITED | WNOWAIT | (control_ != nullptr ? WNOHANG : 0);
        if (waitid(P_PID, static_cast<id_t>(pid), &info, flags) == 0 && info.si_pid == pid)
            return {};
        const int signal = interrupt_signal();
        if (signal != 0 && signal != SIGINT && signal != passed_on)
            kill(pid, passed_on = signal);
    }
}

// The end of the measurement comes before everything else. The kernel lets a task go elsewhere when its CPU goes offline:
// what it was bound to is `pin` all the same.
Result<void> CommandMeter::finish(int pid, const std::vector<int> &pin)
{
    const bool was_measuring = measuring_;
    Result<void> ended = end({});
    run_.bound = pin.empty() ? bound_cpus(pid) : pin;
    int status = 0;
    rusage usage = {};
    if (wait4(pid, &status, 0, &usage) != pid)
        return system_failure("wait for", "the command", errno);
    run_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    run_.user_seconds = seconds_of(usage.ru_utime);
    run_.system_seconds = seconds_of(usage.ru_stime);
    // The kernel's sum has the tasks and children that have ended, which what was read before may lack: it is compared
    // only with the beginning, when there were none.
    if (was_measuring && control_ == nullptr && switches_before_)
        run_.switches =
            TaskSwitches{sum_or_less(static_cast<std::uint64_t>(usage.ru_nvcsw), switches_before_->voluntary),
                         sum_or_less(static_cast<std::uint64_t>(usage.ru_nivcsw), switches_before_->involuntary)};
    return ended;
}

Result<MeasuredRun> CommandMeter::run(const MeasuredCommand &command)
{
    run_ = {};
    measuring_ = false;
    auto waiting = fork_command(command);
    if (!waiting)
        return tl::unexpected(waiting.error());
    Result<void> good;
    if (control_ == nullptr)
        good = begin(waiting->pid);
    if (good) {
        const char byte = 0;
        // Its failure shows in what the process leaves behind; a signal of a broken pipe is ignored in main().
        if (write(waiting->go.get(), &byte, 1) != 1 && errno != EPIPE)
            good = system_failure("start", command.arguments.front(), errno);
    }
    waiting->go.reset();
    if (good)
        good = wait_for_end(waiting->pid);
    else
        kill(waiting->pid, SIGKILL);
    const auto finished = finish(waiting->pid, command.pin);
    Failure failed{};
    if (read_whole(waiting->failures.get(), &failed, sizeof(failed))) {
        if (failed.step == Step::bind)
            return tl::unexpected(cannot_bind(failed.error));
        run_.not_run = failed.error;
        return run_;
    }
    if (!good)
        return tl::unexpected(good.error());
    if (!finished)
        return tl::unexpected(finished.error());
    return run_;
}

} // namespace krun
