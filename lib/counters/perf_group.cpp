// SPDX-License-Identifier: MIT
// Theory: a pinned group counts completely or not at all, so that nothing is ever scaled. An event that the machine
// lacks is left out by itself. Whether there are hardware counters for all of the others shows only when the group is
// read; then the most dispensable one goes.
#include "perf_group.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampling.hpp"

namespace krunc
{

namespace
{

struct Choice {
    std::uint32_t counter;
    std::uint32_t type;    // PERF_TYPE_*, unless it is
    const char *msr_event; // of the PMU `msr`
    std::uint64_t config;
};

// In the order of reading, the leader first. The most dispensable hardware events are the last ones of them.
const Choice choices[] = {{KRUNC_CYCLES, PERF_TYPE_HARDWARE, nullptr, PERF_COUNT_HW_CPU_CYCLES},
                          {KRUNC_INSTRUCTIONS, PERF_TYPE_HARDWARE, nullptr, PERF_COUNT_HW_INSTRUCTIONS},
                          {KRUNC_EVENT(0), 0, nullptr, 0},
                          {KRUNC_EVENT(1), 0, nullptr, 0},
                          {KRUNC_EVENT(2), 0, nullptr, 0},
                          {KRUNC_EVENT(3), 0, nullptr, 0},
                          {KRUNC_APERF, 0, "aperf", 0},
                          {KRUNC_MPERF, 0, "mperf", 0},
                          {KRUNC_SMI, 0, "smi", 0},
                          {KRUNC_SWITCHES, PERF_TYPE_SOFTWARE, nullptr, PERF_COUNT_SW_CONTEXT_SWITCHES}};

// arch/x86/events/msr.c: the number of a PMU differs from boot to boot, that of its events from kernel to kernel.
int find_msr_event(const char *sysfs, const char *name, perf_event_attr &event)
{
    char text[64];
    if (const int error = read_sysfs(sysfs, text, sizeof(text), "bus/event_source/devices/msr/type"))
        return error;
    event.type = static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
    if (const int error = read_sysfs(sysfs, text, sizeof(text), "bus/event_source/devices/msr/events/%s", name))
        return error;
    if (std::strncmp(text, "event=", 6) != 0)
        return -ENOENT;
    event.config = std::strtoull(text + 6, nullptr, 16);
    return 0;
}

int describe(const krunc_session &session, const PerfTarget &target, const Choice &choice, perf_event_attr &event)
{
    krunc_event wanted{choice.type, 0, choice.config};
    if ((choice.counter & own_events) != 0)
        wanted = session.options.events[__builtin_ctz(choice.counter) - __builtin_ctz(KRUNC_EVENT(0))];
    if ((choice.counter & hardware) != 0)
        wanted = event_of_pmu(wanted, target.pmu);
    event = {};
    event.size = sizeof(event);
    event.type = wanted.type;
    event.config = wanted.config;
    event.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    if (target.user_only && (choice.counter & hardware) != 0)
        event.exclude_kernel = 1;
    return choice.msr_event == nullptr ? 0 : find_msr_event(session.machine.sysfs, choice.msr_event, event);
}

// 0 or -errno: ENODEV, if the CPU is offline.
int add_event(const PerfTarget &target, perf_event_attr &event, std::uint32_t counter, PerfGroup &group)
{
    const int leader = group.count == 0 ? -1 : group.fds[0];
    event.pinned = leader < 0 ? 1 : 0;
    const int fd =
        static_cast<int>(syscall(SYS_perf_event_open, &event, target.task, target.cpu, leader, PERF_FLAG_FD_CLOEXEC));
    if (fd < 0)
        return -errno;
    group.fds[group.count] = fd;
    group.counters[group.count] = counter;
    group.count++;
    return 0;
}

// How many events a group has, as read(2) tells, is all that shows that it was dissolved. One event alone would look
// like one that counts: it gets a companion.
int add_companion(const PerfTarget &target, PerfGroup &group)
{
    perf_event_attr nothing{};
    nothing.size = sizeof(nothing);
    nothing.type = PERF_TYPE_SOFTWARE;
    nothing.config = PERF_COUNT_SW_DUMMY;
    nothing.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    return add_event(target, nothing, 0, group);
}

// Calls `missing` with each counter that there is not, and its error. An error is a shortage.
template <class Missing>
int add_events(const krunc_session &session, const PerfTarget &target, std::uint32_t counters, PerfGroup &group,
               Missing &&missing)
{
    int shortage = 0;
    group.count = 0;
    for (const Choice &choice : choices) {
        if ((counters & choice.counter) == 0)
            continue;
        perf_event_attr event;
        int error = describe(session, target, choice, event);
        if (error == 0)
            error = add_event(target, event, choice.counter, group);
        if (error == 0)
            continue;
        missing(choice.counter, error);
        if (is_shortage(error)) {
            shortage = error;
            break;
        }
    }
    if (shortage == 0 && group.count == 1 && target.cpu >= 0) {
        const int error = add_companion(target, group);
        shortage = is_shortage(error) ? error : 0;
    }
    if (shortage != 0)
        close_group(group);
    return shortage;
}

std::uint32_t most_dispensable(std::uint32_t counters)
{
    std::uint32_t last = 0;
    for (const Choice &choice : choices)
        last = (counters & choice.counter & hardware) != 0 ? choice.counter : last;
    return last;
}

} // namespace

std::uint32_t PerfGroup::counted() const
{
    std::uint32_t all = 0;
    for (unsigned i = 0; i < count; i++)
        all |= counters[i];
    return all;
}

int open_group(krunc_session &session, const PerfTarget &target, std::uint32_t counters, PerfGroup &group)
{
    const auto missing = [&session](std::uint32_t counter, int error) {
        miss(session, counter, error == -ENOENT || error == -ENODEV ? -EOPNOTSUPP : error);
    };
    for (;;) {
        if (const int shortage = add_events(session, target, counters, group, missing))
            return shortage;
        PerfValues values;
        int error = 0;
        if (group.count == 0)
            return 0;
        const GroupState state = read_group(group, values, error);
        if (state == GroupState::counts)
            return 0;
        const bool crowded = state == GroupState::no_counter || state == GroupState::incomplete;
        const std::uint32_t last = crowded ? most_dispensable(group.counted()) : 0;
        miss(session, last != 0 ? last : group.counted(), error != 0 ? error : -EBUSY);
        counters = last != 0 ? group.counted() & ~last : 0;
        close_group(group);
        if (is_shortage(error))
            return error;
    }
}

int reopen_group(const krunc_session &session, const PerfTarget &target, std::uint32_t counters, PerfGroup &group)
{
    int first = 0;
    const int shortage = add_events(session, target, counters, group,
                                    [&first](std::uint32_t, int error) { first = first != 0 ? first : error; });
    return shortage != 0 ? shortage : group.count == 0 ? first : 0;
}

void close_group(PerfGroup &group)
{
    for (unsigned i = group.count; i > 0; i--)
        close(group.fds[i - 1]);
    group.count = 0;
}

GroupState read_group(const PerfGroup &group, PerfValues &values, int &error)
{
    values.count = 0;
    const ssize_t size = read(group.fds[0], &values, sizeof(values));
    error = size < 0 ? -errno : 0;
    if (size < 0)
        return GroupState::failed;
    if (size == 0)
        return GroupState::no_counter;
    if (values.count != group.count)
        return GroupState::dissolved;
    return values.running == values.enabled ? GroupState::counts : GroupState::incomplete;
}

void retry_group(const PerfGroup &group) { ioctl(group.fds[0], PERF_EVENT_IOC_ENABLE, 0); }

void store_group(krunc_reading &reading, const PerfGroup &group, const PerfValues &values)
{
    for (unsigned i = 0; i < group.count; i++)
        store(reading, group.counters[i], values.values[i]);
    reading.running = values.running;
}

} // namespace krunc
