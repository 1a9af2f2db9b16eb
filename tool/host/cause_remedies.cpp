// SPDX-License-Identifier: MIT
#include "host/cause_remedies.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace krun
{

namespace
{

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

std::string remedies_for(const std::vector<Cause> &causes)
{
    std::vector<std::string> found;
    for (const Cause &cause : causes) {
        const auto fits = std::find_if(remedies.begin(), remedies.end(), [&](const Remedy &remedy) {
            return cause.what.find(remedy.cause) != std::string::npos;
        });
        const std::string what = fits == remedies.end() ? "" : fits->what;
        if (!what.empty() && found.size() < most_remedies && std::find(found.begin(), found.end(), what) == found.end())
            found.push_back(what);
    }
    return found.empty() ? general : fmt::format("{}", fmt::join(found, "; "));
}

} // namespace krun
