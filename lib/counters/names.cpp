// SPDX-License-Identifier: MIT
// Names and texts. Not the library's to print: programs show them.
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <krun/counters.h>

namespace
{

struct Name {
    std::uint32_t number;
    const char *text;
};

template <std::size_t n> const char *find(const Name (&names)[n], std::uint32_t number)
{
    for (const Name &one : names) {
        if (one.number == number)
            return one.text;
    }
    return "?";
}

const Name way_names[] = {{KRUNC_WAY_DEVICE, "device"},
                          {KRUNC_WAY_CALLS, "calls"},
                          {KRUNC_WAY_PERF, "perf"},
                          {KRUNC_WAY_MSR, "msr"},
                          {KRUNC_WAY_TSC, "tsc"}};

const Name counter_names[] = {{KRUNC_APERF, "aperf"},
                              {KRUNC_MPERF, "mperf"},
                              {KRUNC_CYCLES, "cycles"},
                              {KRUNC_INSTRUCTIONS, "instructions"},
                              {KRUNC_SMI, "smi"},
                              {KRUNC_INTERRUPTS, "interrupts"},
                              {KRUNC_SWITCHES, "switches"},
                              {KRUNC_THERMAL, "thermal"},
                              {KRUNC_PACKAGE_THERMAL, "package_thermal"},
                              {KRUNC_EVENT(0), "event0"},
                              {KRUNC_EVENT(1), "event1"},
                              {KRUNC_EVENT(2), "event2"},
                              {KRUNC_EVENT(3), "event3"},
                              {KRUNC_CLOCK, "clock"},
                              {KRUNC_THREAD_SWITCHES, "thread_switches"}};

const Name status_names[] = {{KRUNC_EMPTY, "empty"},
                             {KRUNC_OK, "ok"},
                             {KRUNC_IDLE, "idle"},
                             {KRUNC_OFFLINE, "offline"},
                             {KRUNC_UNSUPPORTED, "unsupported"},
                             {KRUNC_BUSY, "busy"},
                             {KRUNC_SKIPPED, "skipped"},
                             {KRUNC_SHIELDED, "shielded"}};

const Name quality_names[] = {
    {KRUNC_Q_IDLE, "idle"},         {KRUNC_Q_LATE, "late"},           {KRUNC_Q_TORN, "torn"},
    {KRUNC_Q_OFFLINE, "offline"},   {KRUNC_Q_MIGRATED, "migrated"},   {KRUNC_Q_EPOCH, "epoch"},
    {KRUNC_Q_SMI, "smi"},           {KRUNC_Q_THROTTLED, "throttled"}, {KRUNC_Q_INTERRUPTED, "interrupted"},
    {KRUNC_Q_SWITCHED, "switched"}, {KRUNC_Q_VIRTUAL, "virtual"},     {KRUNC_Q_SIBLING, "sibling"},
    {KRUNC_Q_MISSING, "missing"},   {KRUNC_Q_SUSPENDED, "suspended"}};

const Name verdict_names[] = {{KRUNC_CLEAN, "clean"},
                              {KRUNC_TICKING, "ticking"},
                              {KRUNC_DISTURBED, "disturbed"},
                              {KRUNC_UNUSABLE, "unusable"},
                              {KRUNC_UNDECIDED, "undecided"}};

const Name cause_names[] = {{KRUNC_CAUSE_EPOCH, "counters that did not count through"},
                            {KRUNC_CAUSE_OFFLINE, "the CPU was offline"},
                            {KRUNC_CAUSE_TORN, "two threads sampled at once"},
                            {KRUNC_CAUSE_MISSING, "a reading is missing"},
                            {KRUNC_CAUSE_SMI, "system-management interrupts"},
                            {KRUNC_CAUSE_THROTTLED, "throttling"},
                            {KRUNC_CAUSE_INVOLUNTARY, "involuntary context switches"},
                            {KRUNC_CAUSE_SWITCHES, "context switches"},
                            {KRUNC_CAUSE_TIMER, "timer interrupts"},
                            {KRUNC_CAUSE_RESCHEDULE, "rescheduling interrupts"},
                            {KRUNC_CAUSE_CALL, "function call interrupts"},
                            {KRUNC_CAUSE_DEVICE, "device interrupts"},
                            {KRUNC_CAUSE_NMI, "non-maskable interrupts"},
                            {KRUNC_CAUSE_OTHER, "other interrupts"},
                            {KRUNC_CAUSE_SAMPLED, "samples of others"},
                            {KRUNC_CAUSE_MIGRATED, "a migration to another CPU"},
                            {KRUNC_CAUSE_SLEPT, "voluntary context switches"},
                            {KRUNC_CAUSE_SUSPENDED, "the machine was suspended"}};

const Name cause_remedies[] = {
    {KRUNC_CAUSE_EPOCH, "measure again; if it comes back: another user of perf takes the counters"},
    {KRUNC_CAUSE_OFFLINE, "keep the CPU online, and the machine from suspending"},
    {KRUNC_CAUSE_TORN, "give each thread a session of its own"},
    {KRUNC_CAUSE_MISSING, "free hardware counters: stop other users of perf, or ask for fewer counters"},
    {KRUNC_CAUSE_SMI, "look for firmware settings: power management, USB legacy support, error reporting"},
    {KRUNC_CAUSE_THROTTLED, "cool the machine, raise its power limit, or fix a lower frequency"},
    {KRUNC_CAUSE_INVOLUNTARY, "keep other tasks off the CPU: isolcpus=, cpusets, or CPUAffinity= of systemd"},
    {KRUNC_CAUSE_SWITCHES, "keep other tasks off the CPU: isolcpus=, cpusets, or CPUAffinity= of systemd"},
    {KRUNC_CAUSE_TIMER, "bind the code to an adaptive-tick CPU (nohz_full=); krunctl check names the timers"},
    {KRUNC_CAUSE_RESCHEDULE, "keep other tasks off the CPU; krunctl check names who wakes them"},
    {KRUNC_CAUSE_CALL, "krunctl check names who calls"},
    {KRUNC_CAUSE_DEVICE, "keep device interrupts off the CPU: irqaffinity=, /proc/irq/*/smp_affinity"},
    {KRUNC_CAUSE_NMI, "stop those who sample with perf; nmi_watchdog=0"},
    {KRUNC_CAUSE_OTHER, "krunctl check names the kinds"},
    {KRUNC_CAUSE_SAMPLED, "shield the CPU, or stop other users of /dev/krun"},
    {KRUNC_CAUSE_MIGRATED, "bind the code to one CPU: taskset(1), sched_setaffinity(2)"},
    {KRUNC_CAUSE_SLEPT, "nothing, unless the code was not meant to sleep"},
    {KRUNC_CAUSE_SUSPENDED, "keep it from suspending: systemd-inhibit(1)"}};

struct Reason {
    int error;
    const char *text;
    const char *remedy;
};

template <std::size_t n> const Reason *find(const Reason (&reasons)[n], int error)
{
    for (const Reason &one : reasons) {
        if (one.error == error)
            return &one;
    }
    return nullptr;
}

const char *const boot_krun = "boot a Krun kernel (krunctl install), or load the module krun of the package krun-dkms";
const char *const free_counters = "stop other users of perf, nmi_watchdog=0, or ask for fewer counters";
const char *const ask_less = "ask for less, or use a better way";
const char *const virtual_pmu = "in a virtual machine: give it a virtual PMU, and APERF and MPERF";

// Errors are those that the ways return from their opening; the kernel may have others.
const Reason device_reasons[] = {
    {-ENODEV, "this kernel has no Krun device", boot_krun},
    {-ENOENT, "there is no /dev/krun, although the kernel has the device",
     "mount a devtmpfs on /dev, or hand the device to the container"},
    {-EACCES, "/dev/krun may not be opened", "become a member of the group kruncounters, or root"},
    {-EPERM, "/dev/krun may not be used", "become a member of the group kruncounters, or root"},
    {-ENOTTY, "/dev/krun is something else, or of another version",
     "use a kernel or module and a library of the same version"},
    {-EBUSY, "perf has no hardware counter left, or a CPU is shielded", free_counters},
    {-EOPNOTSUPP, "/dev/krun does not have what was asked for on this machine", virtual_pmu}};

const Reason calls_reasons[] = {
    {-ENOSYS, "the kernel has no Krun system calls", "boot a Krun kernel: krunctl install"},
    {-EPERM, "the system calls are not allowed", "sysctl kernel.krun_unprivileged=1, as root"},
    {-ENXIO, "a CPU before the last one is offline", "bring all CPUs before it online"},
    {-EBUSY, "perf has no hardware counter left", free_counters},
    {-ENODEV, "a CPU has no APERF, MPERF or counter of core cycles", virtual_pmu},
    {-EOPNOTSUPP, "the system calls have APERF, MPERF and core cycles of CPUs, and nothing else", ask_less}};

const Reason perf_reasons[] = {
    {-EACCES, "perf events are not allowed", "sysctl kernel.perf_event_paranoid=0, as root, or CAP_PERFMON"},
    {-EPERM, "perf events are not allowed", "sysctl kernel.perf_event_paranoid=0, as root, or CAP_PERFMON"},
    {-ENOSYS, "the kernel has no perf events", "use a kernel with CONFIG_PERF_EVENTS"},
    {-ENXIO, "the CPUs are offline", "bring a CPU online"},
    {-EBUSY, "perf has no hardware counter left", free_counters},
    {-ENODEV, "perf finds no PMU that counts cycles, and no APERF and MPERF", virtual_pmu},
    {-EOPNOTSUPP, "perf has not all that was asked for", ask_less}};

const Reason msr_reasons[] = {
    {-ENOENT, "there is no /dev/cpu/N/msr", "modprobe msr, as root"},
    {-EACCES, "/dev/cpu/N/msr may not be opened", "run as root; under Secure Boot the kernel allows it to nobody"},
    {-EPERM, "/dev/cpu/N/msr may not be opened", "run as root; under Secure Boot the kernel allows it to nobody"},
    {-ENODEV, "the processor has no APERF and MPERF, nor another register that was asked for", virtual_pmu},
    {-EOPNOTSUPP, "/dev/cpu/N/msr has APERF, MPERF, SMIs and thermal status, and nothing else", ask_less}};

const Reason tsc_reasons[] = {{-EOPNOTSUPP, "without counters there is only the time", ask_less}};

const Reason any_reasons[] = {
    {0, "nothing: it can be used, or was not tried", ""},
    {-EMFILE, "too many open files", "raise the limit of open files: ulimit -n \"$(ulimit -H -n)\""},
    {-ENFILE, "the machine has too many open files", "sysctl fs.file-max, as root: raise it"},
    {-ENOMEM, "no memory is left", "free memory, or raise the limit of the cgroup"}};

const Reason refused = {0, "the kernel refused it", ""};

const Reason *reason_of(std::uint32_t way, int error)
{
    const Reason *found = find(any_reasons, error);
    if (way >= KRUNC_WAYS)
        return nullptr;
    if (way == KRUNC_WAY_DEVICE && found == nullptr)
        found = find(device_reasons, error);
    else if (way == KRUNC_WAY_CALLS && found == nullptr)
        found = find(calls_reasons, error);
    else if (way == KRUNC_WAY_PERF && found == nullptr)
        found = find(perf_reasons, error);
    else if (way == KRUNC_WAY_MSR && found == nullptr)
        found = find(msr_reasons, error);
    else if (found == nullptr)
        found = find(tsc_reasons, error);
    return found != nullptr ? found : &refused;
}

} // namespace

const char *krunc_version(void) { return KRUNC_LIBRARY_VERSION; }

const char *krunc_way_name(std::uint32_t way) { return find(way_names, way); }
const char *krunc_counter_name(std::uint32_t counter) { return find(counter_names, counter); }
const char *krunc_status_name(std::uint32_t status) { return find(status_names, status); }
const char *krunc_quality_name(std::uint32_t quality) { return find(quality_names, quality); }
const char *krunc_verdict_name(std::uint32_t kind) { return find(verdict_names, kind); }
const char *krunc_cause_name(std::uint32_t cause) { return find(cause_names, cause); }
const char *krunc_cause_remedy(std::uint32_t cause) { return find(cause_remedies, cause); }

const char *krunc_way_reason(std::uint32_t way, int error)
{
    const Reason *found = reason_of(way, error);
    return found != nullptr ? found->text : "?";
}

const char *krunc_way_remedy(std::uint32_t way, int error)
{
    const Reason *found = reason_of(way, error);
    return found != nullptr ? found->remedy : "?";
}
