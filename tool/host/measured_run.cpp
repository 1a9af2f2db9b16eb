// SPDX-License-Identifier: MIT
// Theory: the command's process waits (WaitingProcess) until the first sample has been taken, and is started by
// one write. At its end it is kept as a zombie, which can still be asked where it was bound, until the last sample has
// been taken. In between krunctl sleeps.
#include "host/measured_run.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fmt/format.h>

#include "host/cpu_sets.hpp"
#include "util/child_process.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

Error cannot_bind(int error)
{
    return {ExitCode::usage,
            fmt::format("cannot bind the command to these CPUs: {}", std::strerror(error)),
            "choose online CPUs that you may use, as shown by: taskset -cp $$",
            {}};
}

std::uint64_t grown_by(std::uint64_t before, std::uint64_t after) { return after > before ? after - before : 0; }

// Minor page faults of children that it has waited for: there is no child without any. Field 11 of proc(5)'s stat.
std::string faults_of_ended_children(int pid)
{
    const auto stat = SystemFilesystem().read(fmt::format("/proc/{}/stat", pid)).value_or("");
    const auto from_third = words_of(std::string_view(stat).substr(stat.rfind(')') + 1));
    return from_third.size() > 8 ? from_third[8] : "";
}

class CommandMeter
{
  public:
    CommandMeter(Filesystem &files, krunc::Session &session, Energy &energy, ControlChannel *control)
        : files_(files), session_(session), energy_(energy), control_(control), before_(session.make_sample()),
          after_(session.make_sample())
    {
    }

    Result<MeasuredRun> run(const MeasuredCommand &command)
    {
        const SignalsOnlyInWait signals;
        if (interrupt_requested())
            return interrupted();
        auto waiting = TRY(WaitingProcess::make(command, signals));
        Result<void> good;
        if (control_ == nullptr)
            good = begin(waiting.pid());
        if (good)
            good = waiting.start();
        waiting.give_up(); // unless it has been started
        if (good)
            good = wait_for_end(waiting.pid(), signals);
        const auto finished = finish(waiting.pid(), command.pin);
        if (const auto failed = waiting.failure(); failed && good) {
            if (failed->step == WaitingProcess::Failure::Step::bind)
                return tl::unexpected(cannot_bind(failed->error));
            run_.not_run = failed->error;
            return run_;
        }
        TRY(good);
        TRY(finished);
        return run_;
    }

  private:
    Result<void> begin(int pid)
    {
        if (measuring_)
            return {};
        switches_before_ = switches_of_process(pid);
        energy_before_ = energy_.read();
        if (const auto error = session_.begin(before_))
            return failure(fmt::format("cannot read the counters: {}", error.message()));
        measuring_ = true;
        return {};
    }

    // Of one window. Threads and children that come or go in it would take their switches along: then nothing is known.
    void add_switches(bool first, const std::optional<TaskSwitches> &after)
    {
        const auto &before = switches_before_;
        const bool known = before && after && before->is_alone && after->is_alone && before->tasks == after->tasks;
        if (first)
            run_.switches.emplace();
        if (!known)
            run_.switches.reset();
        if (!run_.switches)
            return;
        run_.switches->voluntary += grown_by(before->voluntary, after->voluntary);
        run_.switches->involuntary += grown_by(before->involuntary, after->involuntary);
    }

    Result<void> end(const std::optional<TaskSwitches> &switches)
    {
        if (!measuring_)
            return {};
        measuring_ = false;
        if (const auto error = session_.end(after_))
            return failure(fmt::format("cannot read the counters: {}", error.message()));
        // What was measured is another process.
        before_.raw()->cpu = KRUNC_NO_CPU;
        after_.raw()->cpu = KRUNC_NO_CPU;
        const bool first = run_.windows++ == 0;
        run_.seconds += static_cast<double>(after_.raw()->clock - before_.raw()->clock) / 1e9;
        add_switches(first, switches);
        add_energy(run_.energy, energy_before_, energy_.read());
        for (std::uint32_t index = 0; index < session_.facts().readings; index++) {
            const auto delta = session_.difference(before_, after_, index);
            if (!delta)
                return failure(fmt::format("cannot compute the differences: {}", delta.error().message()));
            if (first)
                run_.deltas.push_back(delta->raw());
            else
                add_delta(run_.deltas.at(index), delta->raw(), session_.facts().tsc_hz);
        }
        return {};
    }

    Result<void> obey(int pid, const std::string &word)
    {
        if (word == "enable")
            return begin(pid);
        if (word == "disable")
            return measuring_ ? end(switches_of_process(pid)) : Result<void>();
        if (word != "ping")
            say(fmt::format("--control: unknown command \"{}\"", word));
        return {};
    }

    // Until it is a zombie. A terminal's Ctrl-C reaches the command as well; what a process sends to krunctl is passed
    // on. After an error nothing is measured any more, but the command goes on: its words are answered, and signals
    // reach it.
    Result<void> wait_for_end(int pid, const SignalsOnlyInWait &signals)
    {
        Result<void> good;
        for (;;) {
            signals.wait(control_ != nullptr ? control_->descriptor() : -1);
            // Before its end is looked at: its last words may have come together with it.
            while (const auto word = control_ != nullptr ? control_->next() : std::nullopt) {
                if (good)
                    good = obey(pid, *word);
                control_->acknowledge();
            }
            siginfo_t info = {};
            if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | WNOHANG) != 0)
                return system_failure("wait for", "the command", errno);
            if (info.si_pid == pid)
                return good;
            if (const int signal = take_signal_to_pass_on(); signal != 0)
                kill(pid, signal);
        }
    }

    // The end of the measurement comes before everything else. The kernel lets a task go elsewhere when its CPU goes
    // offline: what it was bound to is `pin` all the same.
    Result<void> finish(int pid, const std::vector<int> &pin)
    {
        const bool was_measuring = measuring_;
        Result<void> ended = end({});
        // A zombie still has its affinity.
        run_.bound = pin.empty() ? bound_cpus(allowed_cpus(pid), find_unbound_cpus(files_)) : pin;
        int status = 0;
        rusage usage = {};
        while (wait4(pid, &status, 0, &usage) != pid) {
            if (errno != EINTR)
                return system_failure("wait for", "the command", errno);
        }
        run_.status = exit_status_of(status);
        run_.user_seconds = seconds_of(usage.ru_utime);
        run_.system_seconds = seconds_of(usage.ru_stime);
        // The kernel's sum has the tasks and children that have ended, which what was read before may lack: it is
        // compared only with the beginning, when there were none.
        if (was_measuring && control_ == nullptr && switches_before_)
            run_.switches =
                TaskSwitches{grown_by(switches_before_->voluntary, static_cast<std::uint64_t>(usage.ru_nvcsw)),
                             grown_by(switches_before_->involuntary, static_cast<std::uint64_t>(usage.ru_nivcsw)),
                             {},
                             false};
        return ended;
    }

    Filesystem &files_;
    krunc::Session &session_;
    Energy &energy_;
    ControlChannel *control_;
    krunc::Sample before_;
    krunc::Sample after_;
    bool measuring_ = false;
    std::optional<TaskSwitches> switches_before_;
    std::vector<EnergyReading> energy_before_;
    MeasuredRun run_;
};

} // namespace

std::optional<TaskSwitches> parse_switches(const std::string &status)
{
    const auto voluntary = field_of(status, "voluntary_ctxt_switches");
    const auto involuntary = field_of(status, "nonvoluntary_ctxt_switches");
    if (voluntary.empty() || involuntary.empty())
        return {};
    return TaskSwitches{std::strtoull(voluntary.c_str(), nullptr, 10), std::strtoull(involuntary.c_str(), nullptr, 10)};
}

std::optional<TaskSwitches> switches_of_process(int pid)
{
    SystemFilesystem files;
    const std::filesystem::path folder = fmt::format("/proc/{}/task", pid);
    TaskSwitches sum;
    sum.is_alone = true;
    sum.tasks = faults_of_ended_children(pid);
    bool has_tasks = false;
    for (const auto &task : files.list(folder).value_or(std::vector<std::string>())) {
        const auto switches = parse_switches(files.read(folder / task / "status").value_or(""));
        if (!switches)
            continue; // it has just ended
        has_tasks = true;
        sum.tasks += " " + task;
        sum.voluntary += switches->voluntary;
        sum.involuntary += switches->involuntary;
        const auto children = files.read(folder / task / "children");
        sum.is_alone = sum.is_alone && children && children->empty();
    }
    return has_tasks ? std::optional(sum) : std::nullopt;
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
    for (unsigned n = 0; n < KRUNC_EVENTS; n++)
        sum.events[n] += more.events[n];
    sum.seconds += more.seconds;
    if (sum.ticks != 0)
        sum.busy = static_cast<double>(sum.mperf) / static_cast<double>(sum.ticks);
    sum.ratio_error = std::max(sum.ratio_error, more.ratio_error);
    if (sum.mperf == 0)
        return;
    sum.ratio = static_cast<double>(sum.aperf) / static_cast<double>(sum.mperf);
    sum.frequency = sum.ratio * static_cast<double>(tsc_hz);
}

bool is_bound_to(const MeasuredRun &run, std::uint32_t cpu)
{
    return std::ranges::find(run.bound, static_cast<int>(cpu)) != run.bound.end();
}

Result<MeasuredRun> measure_command(const MeasuredCommand &command, Filesystem &files, krunc::Session &session,
                                    Energy &energy, ControlChannel *control)
{
    return CommandMeter(files, session, energy, control).run(command);
}

} // namespace krun
