// SPDX-License-Identifier: MIT
// Theory: a pinned group counts completely or not at all, so that nothing is ever scaled. An event that the machine
// lacks is left out by itself. Whether there are hardware counters for all of the others shows only when the group is
// read; then the most dispensable one goes.
#include "perf_group.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sampling.hpp"

namespace krunc
{

namespace
{

struct Choice {
    std::uint32_t counter;
    const char *msr_event; // of the PMU `msr`; or
    std::uint32_t type;    // PERF_TYPE_*
    std::uint64_t config;
};

// In the order of reading, the leader first. The most dispensable hardware events are the last ones of them.
const Choice choices[] = {{KRUNC_CYCLES, nullptr, PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES},
                          {KRUNC_INSTRUCTIONS, nullptr, PERF_TYPE_HARDWARE, PERF_COUNT_HW_INSTRUCTIONS},
                          {KRUNC_EVENT(0), nullptr, 0, 0},
                          {KRUNC_EVENT(1), nullptr, 0, 0},
                          {KRUNC_EVENT(2), nullptr, 0, 0},
                          {KRUNC_EVENT(3), nullptr, 0, 0},
                          {KRUNC_APERF, "aperf", 0, 0},
                          {KRUNC_MPERF, "mperf", 0, 0},
                          {KRUNC_SMI, "smi", 0, 0},
                          {KRUNC_SWITCHES, nullptr, PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CONTEXT_SWITCHES}};

constexpr std::uint32_t own_events = KRUNC_EVENT(0) | KRUNC_EVENT(1) | KRUNC_EVENT(2) | KRUNC_EVENT(3);
constexpr std::uint32_t hardware = KRUNC_CYCLES | KRUNC_INSTRUCTIONS | own_events;

// arch/x86/events/msr.c: the number of a PMU differs from boot to boot, that of its events from kernel to kernel.
bool find_msr_event(const char *name, perf_event_attr &event)
{
    char text[64];
    char path[80];
    if (!read_text("/sys/bus/event_source/devices/msr/type", text, sizeof(text)))
        return false;
    event.type = static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
    std::snprintf(path, sizeof(path), "/sys/bus/event_source/devices/msr/events/%s", name);
    if (!read_text(path, text, sizeof(text)) || std::strncmp(text, "event=", 6) != 0)
        return false;
    event.config = std::strtoull(text + 6, nullptr, 16);
    return true;
}

bool describe(const krunc_session &session, const Choice &choice, perf_event_attr &event)
{
    event = {};
    event.size = sizeof(event);
    event.type = choice.type;
    event.config = choice.config;
    event.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
    if ((choice.counter & own_events) != 0) {
        const auto &own = session.options.events[__builtin_ctz(choice.counter) - 16];
        event.type = own.type;
        event.config = own.config;
    }
    return choice.msr_event == nullptr || find_msr_event(choice.msr_event, event);
}

void open_event(krunc_session &session, const PerfTarget &target, const Choice &choice, PerfGroup &group)
{
    perf_event_attr event{};
    if (!describe(session, choice, event)) {
        miss(session, choice.counter, -EOPNOTSUPP);
        return;
    }
    const int leader = group.count == 0 ? -1 : group.fds[0];
    event.pinned = leader < 0 ? 1 : 0;
    if (target.user_only && (choice.counter & hardware) != 0)
        event.exclude_kernel = 1;
    const int fd =
        static_cast<int>(syscall(SYS_perf_event_open, &event, target.task, target.cpu, leader, PERF_FLAG_FD_CLOEXEC));
    if (fd < 0) {
        miss(session, choice.counter, errno == ENOENT || errno == ENODEV ? -EOPNOTSUPP : -errno);
        return;
    }
    group.fds[group.count] = fd;
    group.counters[group.count] = choice.counter;
    group.count++;
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

void open_group(krunc_session &session, const PerfTarget &target, std::uint32_t counters, PerfGroup &group)
{
    for (;;) {
        group.count = 0;
        for (const Choice &choice : choices) {
            if ((counters & choice.counter) != 0)
                open_event(session, target, choice, group);
        }
        PerfValues values;
        int error = 0;
        if (group.count == 0 || read_group(group, values, error))
            return;
        const std::uint32_t last = error == 0 ? most_dispensable(group.counted()) : 0;
        miss(session, last != 0 ? last : group.counted(), error != 0 ? error : -EBUSY);
        counters = last != 0 ? group.counted() & ~last : 0;
        close_group(group);
    }
}

void close_group(PerfGroup &group)
{
    for (unsigned i = group.count; i > 0; i--)
        close(group.fds[i - 1]);
    group.count = 0;
}

bool read_group(const PerfGroup &group, PerfValues &values, int &error)
{
    const ssize_t size = read(group.fds[0], &values, sizeof(values));
    error = size < 0 ? -errno : 0;
    return size > 0 && values.count == group.count && values.running == values.enabled;
}

void store(krunc_reading &reading, std::uint32_t counter, std::uint64_t value)
{
    if (counter == KRUNC_CYCLES)
        reading.cycles = value;
    else if (counter == KRUNC_INSTRUCTIONS)
        reading.instructions = value;
    else if (counter == KRUNC_APERF)
        reading.aperf = value;
    else if (counter == KRUNC_MPERF)
        reading.mperf = value;
    else if (counter == KRUNC_SMI)
        reading.smi = static_cast<std::uint32_t>(value);
    else if (counter == KRUNC_SWITCHES)
        reading.switches = static_cast<std::uint32_t>(value);
    else
        reading.events[__builtin_ctz(counter) - 16] = value;
    reading.valid |= counter;
}

} // namespace krunc
