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

const char *device_reason(int error)
{
    if (error == -ENOENT || error == -ENXIO || error == -ENODEV)
        return "there is no /dev/krun: this is not a Krun kernel";
    if (error == -EACCES || error == -EPERM)
        return "/dev/krun may not be opened";
    if (error == -EBUSY)
        return "perf has no hardware counter left, or a CPU is shielded";
    return nullptr;
}

const char *calls_reason(int error)
{
    if (error == -ENOSYS)
        return "the kernel has no Krun system calls";
    if (error == -EPERM)
        return "the system calls are not allowed";
    if (error == -ENXIO)
        return "a CPU before the last one is offline";
    if (error == -EBUSY)
        return "perf has no hardware counter left";
    return nullptr;
}

const char *perf_reason(int error)
{
    if (error == -EACCES || error == -EPERM)
        return "perf events are not allowed";
    if (error == -ENOSYS)
        return "the kernel has no perf events";
    if (error == -EBUSY)
        return "perf has no hardware counter left";
    return nullptr;
}

const char *msr_reason(int error)
{
    if (error == -ENOENT)
        return "there is no /dev/cpu/N/msr";
    if (error == -EACCES || error == -EPERM)
        return "/dev/cpu/N/msr may not be opened";
    return nullptr;
}

const char *any_reason(int error)
{
    if (error == 0)
        return "nothing: it can be used, or was not tried";
    if (error == -EOPNOTSUPP)
        return "the machine has no such counters, or the way cannot do what was asked";
    if (error == -EMFILE || error == -ENFILE)
        return "too many open files";
    if (error == -ENOMEM)
        return "no memory is left";
    return "the kernel refused it";
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
    const char *reason = nullptr;
    if (way == KRUNC_WAY_DEVICE)
        reason = device_reason(error);
    else if (way == KRUNC_WAY_CALLS)
        reason = calls_reason(error);
    else if (way == KRUNC_WAY_PERF)
        reason = perf_reason(error);
    else if (way == KRUNC_WAY_MSR)
        reason = msr_reason(error);
    else if (way != KRUNC_WAY_TSC)
        return "?";
    return reason != nullptr ? reason : any_reason(error);
}

const char *krunc_way_remedy(std::uint32_t way, int error)
{
    const bool denied = error == -EACCES || error == -EPERM;
    if (way >= KRUNC_WAYS)
        return "?";
    if (error == -EMFILE)
        return "ulimit -n 65536";
    if (error == -EBUSY)
        return "stop other users of perf, nmi_watchdog=0, or ask for fewer counters";
    if (way == KRUNC_WAY_DEVICE && denied)
        return "become a member of the group kruncounters, or root";
    if (way == KRUNC_WAY_CALLS && denied)
        return "sysctl kernel.krun_unprivileged=1, as root";
    if (way == KRUNC_WAY_PERF && denied)
        return "sysctl kernel.perf_event_paranoid=0, as root, or CAP_PERFMON";
    if (way == KRUNC_WAY_MSR && denied)
        return "run as root; under Secure Boot the kernel allows it to nobody";
    if (way == KRUNC_WAY_MSR && error == -ENOENT)
        return "modprobe msr, as root";
    if (way == KRUNC_WAY_DEVICE || (way == KRUNC_WAY_CALLS && error == -ENOSYS))
        return "install and boot the Krun kernel: krunctl install";
    if (way == KRUNC_WAY_PERF || way == KRUNC_WAY_MSR)
        return "in a virtual machine: give it a virtual PMU, and APERF and MPERF";
    return "";
}
