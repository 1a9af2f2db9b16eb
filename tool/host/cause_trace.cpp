// SPDX-License-Identifier: MIT

#include "host/cause_trace.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

#include "host/cpu_sets.hpp"
#include "util/filesystem.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// A kernel that lacks one of them does without. Events of other CPUs that send interrupts are picked out afterwards.
constexpr std::array events = {
    "timer/tick_stop",
    "timer/hrtimer_expire_entry",
    "timer/timer_expire_entry",
    "sched/sched_switch",
    "workqueue/workqueue_execute_start",
    "irq/irq_handler_entry",
    "nmi/nmi_handler",
    "tlb/tlb_flush",
    "irq_vectors/call_function_entry",
    "irq_vectors/call_function_single_entry",
    "irq_vectors/reschedule_entry",
    "ipi/ipi_send_cpu",
    "ipi/ipi_send_cpumask",
    "csd/csd_queue_cpu",
};

// What is known of an interrupt by another CPU if the kernel does not say who has sent it.
constexpr const char *call_from_elsewhere = "a function call from another CPU";
constexpr const char *reschedule_from_elsewhere = "rescheduling by another CPU";
// The kernel's own vector of function calls (asm/irq_vectors.h). Krun's samples count as such, with a vector of their
// own.
constexpr const char *call_vector = "252";

// enum tlb_flush_reason: TLB_REMOTE_SHOOTDOWN.
constexpr int remote_shootdown = 1;

constexpr const char *buffer_kib = "256"; // of each CPU: thousands of events
constexpr const char *interrupt_from = "interrupt from";
// Of a single function call: csd_queue_cpu tells the function.
constexpr const char *any_single_call = "generic_smp_call_function_single_interrupt";

struct TraceEvent {
    std::string task; // "krunctl-busy", without its number
    int cpu = -1;
    std::string name;
    std::string details;
};

// "  kworker/3:1-45  [003] d.h..  12.345678: hrtimer_expire_entry: hrtimer=... function=tick_sched_timer now=..."
std::optional<TraceEvent> event_in(const std::string &line)
{
    const auto bracket = line.find(" [");
    const auto closing = line.find(']', bracket == std::string::npos ? line.size() : bracket);
    if (line.empty() || line.front() == '#' || closing == std::string::npos)
        return {};
    const auto time_end = line.find(": ", closing);
    const auto name_end = time_end == std::string::npos ? time_end : line.find(':', time_end + 2);
    if (name_end == std::string::npos)
        return {};
    TraceEvent event;
    event.task = trim(line.substr(0, bracket));
    event.task = event.task.substr(0, event.task.rfind('-'));
    event.cpu = std::atoi(line.c_str() + bracket + 2);
    event.name = trim(line.substr(time_end + 2, name_end - time_end - 2));
    event.details = trim(line.substr(name_end + 1));
    return event;
}

// The value of NAME=value or NAME value; a value ends with a blank.
std::string value_in(const std::string &details, const std::string &name)
{
    const auto words = words_of(details);
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (words[at].starts_with(name + "="))
            return words[at].substr(name.size() + 1);
        if (words[at] == name && at + 1 < words.size())
            return words[at + 1];
    }
    return {};
}

// A task's name may have blanks: "next_comm=my task next_pid=45 next_prio=120".
std::string next_task(const std::string &details)
{
    constexpr std::string_view begin = "next_comm=";
    const auto at = details.find(begin);
    const auto end = details.find(" next_pid=", at);
    return at == std::string::npos || end == std::string::npos
               ? ""
               : details.substr(at + begin.size(), end - at - begin.size());
}

bool is_sent_to(const TraceEvent &event, int cpu)
{
    const auto one = value_in(event.details, "cpu");
    if (!one.empty())
        return one == fmt::format("{}", cpu);
    const auto many = parse_cpu_list(value_in(event.details, "cpumask"));
    return many && std::ranges::find(*many, cpu) != many->end();
}

// "smp_call_function_many_cond+0x1a0/0x4f0": without the offset.
std::string function_in(const std::string &text) { return text.substr(0, text.find('+')); }

std::string sender_of(const TraceEvent &event)
{
    auto callback = function_in(value_in(event.details, "callback"));
    if (event.name == "csd_queue_cpu")
        callback = value_in(event.details, "func");
    const bool named = !callback.empty() && !callback.starts_with("0x");
    return fmt::format("{} {} on CPU {}: {}", interrupt_from, event.task, event.cpu,
                       named ? callback : function_in(value_in(event.details, "callsite")));
}

// What a CPU sends to itself.
std::optional<std::string> own_work_of(const TraceEvent &event)
{
    const auto callback = function_in(value_in(event.details, "callback"));
    if (event.name != "ipi_send_cpu" || callback.empty() || callback.starts_with("0x"))
        return {};
    return "irq work " + callback;
}

// Nothing for what is no cause.
std::optional<std::string> cause_of(const TraceEvent &event, int cpu, std::string_view own)
{
    if (event.name.starts_with("ipi_send_") || event.name == "csd_queue_cpu") {
        if (!is_sent_to(event, cpu))
            return {};
        return event.cpu == cpu ? own_work_of(event) : sender_of(event);
    }
    if (event.cpu != cpu)
        return {};
    if (event.name == "hrtimer_expire_entry")
        return "high-resolution timer " + value_in(event.details, "function");
    if (event.name == "timer_expire_entry")
        return "timer " + value_in(event.details, "function");
    if (event.name == "workqueue_execute_start")
        return "work item " + value_in(event.details, "function");
    if (event.name == "irq_handler_entry")
        return fmt::format("device interrupt {} ({})", value_in(event.details, "irq"), value_in(event.details, "name"));
    if (event.name == "tick_stop" && value_in(event.details, "success") == "0")
        return "the tick is held by " + value_in(event.details, "dependency");
    if (event.name == "tlb_flush" && event.details.find("remote shootdown") != std::string::npos)
        return "a flush of its TLB for another CPU";
    // "nmi_handler: perf_event_nmi_handler() delta_ns: 4711 handled: 1"
    if (event.name == "nmi_handler" && value_in(event.details, "handled:") != "0")
        return "NMI for " + event.details.substr(0, event.details.find('('));
    if (event.name == "call_function_entry")
        return value_in(event.details, "vector") == call_vector ? call_from_elsewhere : "a sample of Krun's";
    if (event.name == "call_function_single_entry")
        return call_from_elsewhere;
    if (event.name == "reschedule_entry")
        return reschedule_from_elsewhere;
    if (event.name != "sched_switch")
        return {};
    const auto task = next_task(event.details);
    if (task.empty() || task == own || task.starts_with("swapper/"))
        return {};
    return "task " + task;
}

// What is not about the CPU is not worth the memory, nor are the flushes that its own task causes.
std::string filter_of(const std::string &event, int cpu)
{
    if (event == "ipi/ipi_send_cpumask") // the mask is looked at afterwards
        return "0";
    if (event.starts_with("ipi/") || event.starts_with("csd/"))
        return fmt::format("cpu == {}", cpu); // the receiver's, a field of the event; senders run elsewhere
    if (event == "tlb/tlb_flush")
        return fmt::format("CPU == {} && reason == {}", cpu, remote_shootdown);
    return fmt::format("CPU == {}", cpu);
}

constexpr std::size_t most_remedies = 3;

struct Remedy {
    const char *cause; // a part of it
    const char *what;
};

// The first that fits, so the special ones come first: see causes_in_trace(). docs/design/tickless.md has the reasons.
constexpr std::array remedies = {
    Remedy{"dl_task_timer", "echo 0 > /sys/kernel/debug/sched/fair_server/cpuN/runtime, or boot the Krun kernel"},
    Remedy{"task kworker/", ""},   // its work item says more
    Remedy{"task migration/", ""}, // bound to their CPU, as are these
    Remedy{"task cpuhp/", ""},
    Remedy{"task rcuc/", ""},
    Remedy{"task ksoftirqd/", "keep devices and network traffic off the CPU"},
    Remedy{"task ", "keep other tasks off the CPU: CPUAffinity= in /etc/systemd/system.conf, taskset, or a cpuset"},
    Remedy{"work item vmstat_update", "boot the Krun kernel, or sysctl vm.stat_interval=3600"},
    Remedy{"work item ", "the trace event workqueue:workqueue_queue_work shows who queues the work item"},
    Remedy{"device interrupt ",
           "move the device's interrupt: echo 0 > /proc/irq/NUMBER/smp_affinity_list, or boot with irqaffinity=0"},
    Remedy{"clocksource_watchdog", "boot the Krun kernel, or with tsc=nowatchdog, if the TSC can be trusted"},
    Remedy{"tsc_sync_check_timer_fn", "boot with tsc=reliable, if the TSC can be trusted"},
    Remedy{"mce_timer_fn", "echo 0 > /sys/devices/system/machinecheck/machinecheck0/check_interval"},
    Remedy{"sched_ttwu_pending", ""}, // the task that is woken up says more
    Remedy{"irq work nohz_full_kick_func",
           "keep other tasks off the CPU; a task's own sockets and timers do this, too"},
    Remedy{"high-resolution timer hrtimer_wakeup", "keep tasks that sleep and wake up off the CPU"},
    Remedy{"the tick is held by SCHED", ""}, // the other task says more
    Remedy{"the tick is held by POSIX_TIMER", "stop timers of CPU time (setitimer, timer_create, RLIMIT_CPU)"},
    Remedy{"the tick is held by PERF_EVENTS", "stop perf events that sample by frequency"},
    Remedy{"the tick is held by CLOCK_UNSTABLE", "the kernel does not trust the TSC: see dmesg | grep -i tsc"},
    Remedy{"the tick is held by RCU", "stay in the kernel for less than a third of a second at a time"},
    Remedy{"a sample of Krun's", "stop krunctl watch and other users of /dev/krun, or shield the CPU (krun(4))"},
    Remedy{"NMI for ", "stop perf events that overflow; sysctl kernel.nmi_watchdog=0"},
    Remedy{"a flush of its TLB", "let no other CPU run threads of the task, nor unmap memory of the kernel"},
    Remedy{"nohz_full_kick_func", ""}, // from elsewhere: a task that is put there
    Remedy{"interrupt from ", "keep programs that load modules, BPF programs or perf events from running meanwhile"},
};

constexpr const char *general =
    "keep other tasks, devices and timers of CPU time off the CPU; `dmesg | grep -i -e nohz "
    "-e tsc -e 'apic timer'` may say what holds the tick";

} // namespace

std::vector<Cause> causes_in_trace(std::string_view trace, int cpu, std::string_view own)
{
    std::map<std::string, std::uint64_t> times;
    bool functions_are_known = false;
    for (const auto &line : lines_of(trace)) {
        const auto event = event_in(line);
        const auto cause = event ? cause_of(*event, cpu, own) : std::nullopt;
        if (!cause)
            continue;
        ++times[*cause];
        functions_are_known = functions_are_known || event->name == "csd_queue_cpu";
    }
    if (std::ranges::any_of(times, [](const auto &cause) { return cause.first.starts_with(interrupt_from); })) {
        times.erase(call_from_elsewhere);
        times.erase(reschedule_from_elsewhere);
    }
    if (functions_are_known)
        std::erase_if(times, [](const auto &cause) { return cause.first.ends_with(any_single_call); });
    std::vector<Cause> causes;
    causes.reserve(times.size());
    for (const auto &[what, count] : times)
        causes.push_back({what, count});
    add_causes(causes, {});
    return causes;
}

void add_causes(std::vector<Cause> &causes, const std::vector<Cause> &more)
{
    for (const auto &cause : more) {
        const auto same = std::ranges::find(causes, cause.what, &Cause::what);
        if (same == causes.end())
            causes.push_back(cause);
        else
            same->times += cause.times;
    }
    std::ranges::stable_sort(causes, std::greater(), &Cause::times);
}

CauseTrace::CauseTrace(int cpu, const std::filesystem::path &tracefs)
    : cpu_(cpu), instance_(tracefs / "instances" / fmt::format("krunctl-{}", getpid()))
{
    made_ = mkdir(instance_.c_str(), 0700) == 0;
    if (!made_)
        return;
    write("tracing_on", "0");
    write("buffer_size_kb", buffer_kib);
    for (const std::string event : events)
        write("events/" + event + "/filter", filter_of(event, cpu_));
    for (const std::string event : events)
        works_ = write("events/" + event + "/enable", "1") || works_;
}

CauseTrace::~CauseTrace()
{
    if (made_)
        rmdir(instance_.c_str());
}

void CauseTrace::begin() { write("tracing_on", "1"); }

std::vector<Cause> CauseTrace::causes(std::string_view own)
{
    write("tracing_on", "0");
    SystemFilesystem files;
    return causes_in_trace(files.read(instance_ / "trace").value_or(""), cpu_, own);
}

bool CauseTrace::is_cut() const
{
    SystemFilesystem files;
    for (const auto &cpu : files.list(instance_ / "per_cpu").value_or(std::vector<std::string>()))
        for (const auto &line : lines_of(files.read(instance_ / "per_cpu" / cpu / "stats").value_or("")))
            if (line.starts_with("overrun: ") && line != "overrun: 0")
                return true;
    return false;
}

bool CauseTrace::write(const std::string &file, const std::string &text) const
{
    const OwnedDescriptor descriptor(open((instance_ / file).c_str(), O_WRONLY | O_CLOEXEC));
    return descriptor.is_open() && write_whole(descriptor.get(), text.data(), text.size());
}

std::string remedies_for(const std::vector<Cause> &causes)
{
    std::vector<std::string> found;
    for (const Cause &cause : causes) {
        const auto *fits = std::ranges::find_if(
            remedies, [&](const Remedy &remedy) { return cause.what.find(remedy.cause) != std::string::npos; });
        const std::string what = fits == remedies.end() ? "" : fits->what;
        if (!what.empty() && found.size() < most_remedies && std::ranges::find(found, what) == found.end())
            found.push_back(what);
    }
    return found.empty() ? general : fmt::format("{}", fmt::join(found, "; "));
}

} // namespace krun
