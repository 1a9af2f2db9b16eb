// SPDX-License-Identifier: MIT
// Perf events: of the calling thread, read without a system call where the kernel allows it, or of CPUs.
//
// Theory: krun/thread_counter.h. An event that is on no hardware counter at the moment is asked for with read(2).
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <krun/thread_counter.h>

#include "perf_group.hpp"
#include "rdpru.hpp"
#include "sampling.hpp"

namespace krunc
{

namespace
{

constexpr std::uint32_t own_events = KRUNC_EVENT(0) | KRUNC_EVENT(1) | KRUNC_EVENT(2) | KRUNC_EVENT(3);
constexpr std::uint32_t hardware = KRUNC_CYCLES | KRUNC_INSTRUCTIONS | own_events;
constexpr std::uint32_t frequency = KRUNC_APERF | KRUNC_MPERF;
constexpr std::uint32_t of_cpu = hardware | frequency | KRUNC_SMI | KRUNC_SWITCHES;

// One system call for all that the group has.
void read_by_call(krunc_reading &reading, const PerfGroup &group)
{
    PerfValues values;
    int error = 0;
    if (!read_group(group, values, error)) {
        reading.status = error == 0 ? KRUNC_BUSY : KRUNC_UNSUPPORTED;
        return;
    }
    for (unsigned i = 0; i < group.count; i++)
        store(reading, group.counters[i], values.values[i]);
    reading.running = values.running;
}

int read_perf_cpus(krunc_session &session, krunc_sample &sample)
{
    sample.cpu = current_cpu();
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        krunc_reading &reading = *krunc_reading_at(&sample, i);
        const PerfGroup &group = session.perf.groups[i];
        write_reading(session, reading, session.cpus[i],
                      group.count != 0                              ? KRUNC_OK
                      : session.machine.online.has(session.cpus[i]) ? KRUNC_BUSY
                                                                    : KRUNC_OFFLINE,
                      0);
        reading.tsc = time_stamp();
        if (group.count != 0)
            read_by_call(reading, group);
        reading.span = span_since(reading.tsc);
        session.own_calls[i] += reading.cpu != sample.cpu ? 1 : 0;
    }
    return 0;
}

// The hardware's counters one after the other; false if one of them is on no counter now.
bool read_pages(const krunc_session &session, krunc_reading &reading)
{
    const PerfGroup &group = session.perf.groups[0];
    for (unsigned i = 0; i < group.count; i++) {
        std::uint64_t value = 0;
        const krunc_thread_counter &one = session.thread_counters[__builtin_ctz(group.counters[i])];
        if (one.page == nullptr || krunc_read_in_place(&one, &value) == 0)
            return false;
        store(reading, group.counters[i], value);
    }
    return true;
}

int read_perf_thread(krunc_session &session, krunc_sample &sample)
{
    krunc_reading &reading = *krunc_reading_at(&sample, 0);
    sample.cpu = current_cpu();
    write_reading(session, reading, sample.cpu, KRUNC_OK, 0);
    reading.flags = KRUNC_READING_THREAD;
    reading.tsc = time_stamp();
    if ((session.facts.features & KRUNC_FEATURE_RDPRU) != 0) {
        reading.aperf = rdpru(1);
        reading.mperf = rdpru(0);
        reading.flags |= KRUNC_READING_RDPRU;
        reading.valid |= frequency;
    } else if (session.perf.groups[1].count != 0) {
        read_by_call(reading, session.perf.groups[1]);
    }
    const PerfGroup &events = session.perf.groups[0];
    if (events.count != 0 && !(session.perf.by_pages && read_pages(session, reading)))
        read_by_call(reading, events);
    reading.running = 0; // the thread's, which says nothing about the time that passed
    reading.span = span_since(reading.tsc);
    return 0;
}

// When perf has read a hardware counter since it started it, it may take the value for unsigned, and the page that is
// made then is 2^width off, until the event is started again by the next context switch.
void restart(const PerfGroup &group)
{
    if (group.count == 0 || ioctl(group.fds[0], PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) != 0)
        return;
    ioctl(group.fds[0], PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP);
}

// Without its page, or RDPMC, a counter is read by read(2).
void map_pages(krunc_session &session, const PerfGroup &group)
{
    const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    unsigned direct = 0;
    for (unsigned i = 0; i < group.count; i++) {
        void *page = mmap(nullptr, size, PROT_READ, MAP_SHARED, group.fds[i], 0);
        if (page == MAP_FAILED)
            continue;
        krunc_thread_counter &one = session.thread_counters[__builtin_ctz(group.counters[i])];
        const unsigned width = static_cast<perf_event_mmap_page *>(page)->pmc_width;
        one = {page, group.counters[i], 64 - width, {}};
        session.facts.counter_bits = width;
    }
    restart(group);
    for (unsigned i = 0; i < group.count; i++) {
        const krunc_thread_counter &one = session.thread_counters[__builtin_ctz(group.counters[i])];
        std::uint64_t value = 0;
        direct += one.page != nullptr ? static_cast<unsigned>(krunc_read_in_place(&one, &value)) : 0;
    }
    session.perf.by_pages = direct != 0 && direct == group.count;
    if (session.perf.by_pages)
        session.facts.features |= KRUNC_FEATURE_RDPMC;
}

int first_error(const krunc_session &session, std::uint32_t counters)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((counters & 1u << bit) != 0 && session.facts.counter_errors[bit] != 0)
            return session.facts.counter_errors[bit];
    }
    return -EOPNOTSUPP;
}

int open_thread(krunc_session &session)
{
    const std::uint32_t wanted = session.options.counters & (hardware | frequency | KRUNC_SMI);
    miss(session, session.options.counters & ~wanted, -EOPNOTSUPP);
    PerfTarget self{0, -1, false};
    PerfGroup &events = session.perf.groups[0];
    open_group(session, self, wanted & hardware, events);
    if (events.count == 0 && first_error(session, wanted & hardware) == -EACCES) {
        // perf_event_paranoid allows everybody to count what happens in user space
        self.user_only = true;
        miss(session, wanted & hardware, 0);
        open_group(session, self, wanted & hardware, events);
        if (events.count != 0)
            session.facts.features |= KRUNC_FEATURE_USER_ONLY;
    }
    map_pages(session, events);
    std::uint32_t others = wanted & (frequency | KRUNC_SMI);
    std::uint32_t counted = events.counted();
    if ((others & frequency) != 0 && session.machine.has_rdpru) {
        session.facts.features |= KRUNC_FEATURE_RDPRU;
        counted |= frequency;
        others &= ~frequency;
    }
    // One group beside RDPRU would have to be read for SMIs alone, which AMD has not.
    if ((session.facts.features & KRUNC_FEATURE_RDPRU) == 0)
        open_group(session, self, others, session.perf.groups[1]);
    else
        miss(session, others, -EOPNOTSUPP);
    session.facts.counters = counted | session.perf.groups[1].counted();
    use_sampler<read_perf_thread>(session);
    return (session.facts.counters & (hardware | frequency)) != 0 ? 0 : first_error(session, wanted);
}

int open_cpus(krunc_session &session)
{
    const std::uint32_t wanted = session.options.counters & of_cpu;
    miss(session, session.options.counters & ~wanted, -EOPNOTSUPP);
    session.facts.counters = 0;
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        const PerfTarget target{-1, static_cast<int>(session.cpus[i]), false};
        if (!session.machine.online.has(session.cpus[i]))
            continue;
        open_group(session, target, wanted, session.perf.groups[i]);
        session.facts.counters |= session.perf.groups[i].counted();
        if (session.facts.counters == 0)
            break; // what the first CPU refuses, the others will
    }
    use_sampler<read_perf_cpus>(session);
    return (session.facts.counters & (hardware | frequency)) != 0 ? 0 : first_error(session, wanted);
}

int open_perf(krunc_session &session)
{
    session.perf = {};
    if ((session.options.flags & (KRUNC_RENDEZVOUS | KRUNC_SKIP_NOHZ_FULL | KRUNC_IDLE_SNAPSHOT)) != 0)
        return -EOPNOTSUPP;
    const bool thread = session.options.scope == KRUNC_SCOPE_THREAD;
    const unsigned groups = thread ? 2 : session.facts.readings;
    session.perf.groups = static_cast<PerfGroup *>(std::calloc(groups, sizeof(PerfGroup)));
    if (session.perf.groups == nullptr)
        return -ENOMEM;
    session.perf.group_count = groups;
    return thread ? open_thread(session) : open_cpus(session);
}

void close_perf(krunc_session &session)
{
    const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (krunc_thread_counter &one : session.thread_counters) {
        if (one.page != nullptr)
            munmap(const_cast<void *>(one.page), size);
        one = {};
    }
    for (unsigned i = 0; i < session.perf.group_count; i++)
        close_group(session.perf.groups[i]);
    std::free(session.perf.groups);
}

} // namespace

const Way perf_way = {open_perf, close_perf};

} // namespace krunc
