// SPDX-License-Identifier: MIT
// Perf events: of the calling thread, read without a system call where the kernel allows it, or of CPUs.
//
// Theory: krun/thread_counter.h. An event that is on no hardware counter at the moment is asked for with read(2). What
// happens to the events of a CPU that goes offline is in libkruncounters(3).
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <krun/thread_counter.h>

#include "counter_masks.hpp"
#include "perf_group.hpp"
#include "rdpru.hpp"
#include "sampling.hpp"

namespace krunc
{

namespace
{

constexpr std::uint32_t of_cpu = hardware | frequency | KRUNC_SMI | KRUNC_SWITCHES;

PerfTarget cpu_target(const krunc_session &session, std::uint32_t cpu)
{
    return {-1, static_cast<int>(cpu), false, session.machine.pmus.of(cpu)};
}

krunc_status status_of_error(int error)
{
    if (error == -ENODEV)
        return KRUNC_OFFLINE;
    return error == -EBUSY || is_shortage(error) ? KRUNC_BUSY : KRUNC_UNSUPPORTED;
}

// Perf dissolves the groups of a CPU that goes offline. There are new ones when it is back. Nothing is left out to make
// room: a group that finds no hardware counter stays, and tries again.
GroupState renew_group(const krunc_session &session, PerfCpu &one, krunc_reading &reading, PerfValues &values,
                       int &error)
{
    close_group(one.group);
    error = -ENODEV;
    if (is_online(session.machine.sysfs, reading.cpu))
        error = reopen_group(session, cpu_target(session, reading.cpu), one.counters, one.group);
    if (one.group.count == 0)
        return GroupState::failed;
    reading.tsc = time_stamp();
    return read_group(one.group, values, error);
}

// One system call for all that the group has, as long as nothing has happened to it. What counts anew has a new epoch.
GroupState read_cpu(const krunc_session &session, PerfCpu &one, krunc_reading &reading, PerfValues &values, int &error)
{
    GroupState state = one.group.count != 0 ? read_group(one.group, values, error) : GroupState::dissolved;
    if (state == GroupState::counts)
        return state;
    if (state == GroupState::no_counter) {
        retry_group(one.group);
        reading.tsc = time_stamp();
        state = read_group(one.group, values, error);
    }
    if (state == GroupState::dissolved || state == GroupState::incomplete)
        state = renew_group(session, one, reading, values, error);
    one.epoch += state == GroupState::counts ? 1 : 0;
    return state;
}

krunc_status status_of(GroupState state, int error)
{
    switch (state) {
    case GroupState::counts:
        return KRUNC_OK;
    case GroupState::dissolved:
        return KRUNC_OFFLINE;
    case GroupState::failed:
        return status_of_error(error);
    case GroupState::no_counter:
    case GroupState::incomplete:
        break;
    }
    return KRUNC_BUSY;
}

int read_perf_cpus(krunc_session &session, krunc_sample &sample)
{
    sample.cpu = current_cpu();
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        krunc_reading &reading = *krunc_reading_at(&sample, i);
        PerfCpu &one = session.perf.cpus[i];
        write_reading(reading, session.cpus[i], KRUNC_BUSY);
        reading.tsc = time_stamp();
        if (one.counters != 0) {
            PerfValues values;
            int error = 0;
            const GroupState state = read_cpu(session, one, reading, values, error);
            reading.status = static_cast<std::uint16_t>(status_of(state, error));
            reading.epoch = one.epoch;
            if (state == GroupState::counts)
                store_group(reading, one.group, values);
        }
        reading.span = span_since(reading.tsc);
        session.own_calls[i] += reading.cpu != sample.cpu ? 1 : 0;
    }
    return 0;
}

// The hardware's counters one after the other; false if one of them is on no counter now.
bool read_pages(const krunc_session &session, krunc_reading &reading)
{
    const PerfGroup &group = session.perf.thread[0];
    for (unsigned i = 0; i < group.count; i++) {
        std::uint64_t value = 0;
        const krunc_thread_counter &one = session.thread_counters[__builtin_ctz(group.counters[i])];
        if (one.page == nullptr || krunc_read_in_place(&one, &value) == 0)
            return false;
        store(reading, group.counters[i], value);
    }
    return true;
}

// One system call for all that the group has. A thread's group that has lost its counter stays without: krunc_read()
// has no epoch to tell that something is missing in between.
void read_by_call(krunc_reading &reading, const PerfGroup &group)
{
    PerfValues values;
    int error = 0;
    if (read_group(group, values, error) == GroupState::counts)
        store_group(reading, group, values);
    else
        reading.status = error == 0 ? KRUNC_BUSY : KRUNC_UNSUPPORTED;
}

int read_perf_thread(krunc_session &session, krunc_sample &sample)
{
    krunc_reading &reading = *krunc_reading_at(&sample, 0);
    write_reading(reading, current_cpu(), KRUNC_OK);
    reading.flags = KRUNC_READING_THREAD;
    reading.tsc = time_stamp();
    if ((session.facts.features & KRUNC_FEATURE_RDPRU) != 0)
        read_frequency(reading, rdpru, current_cpu);
    else if (session.perf.thread[1].count != 0)
        read_by_call(reading, session.perf.thread[1]);
    sample.cpu = reading.cpu;
    const PerfGroup &events = session.perf.thread[0];
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

// The page of an event does not show for how long it could not count, on other kinds of cores, as read(2) does.
bool stays_on_one_kind(const Machine &machine, std::uint32_t pmu)
{
    CpuSet allowed;
    if (machine.pmus.count == 0)
        return true;
    if (allowed_cpus(allowed) != 0)
        return false;
    for (unsigned cpu = 0; cpu < allowed.end(); cpu++) {
        if (allowed.has(cpu) && machine.pmus.of(cpu) != pmu)
            return false;
    }
    return true;
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

// Of those that were wanted; ENODEV where the machine has none of them.
int first_error(const krunc_session &session, std::uint32_t counters)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        const int error = (counters & 1u << bit) != 0 ? session.facts.counter_errors[bit] : 0;
        if (error != 0)
            return error != -EOPNOTSUPP ? error : -ENODEV;
    }
    return -EOPNOTSUPP;
}

int open_thread(krunc_session &session)
{
    const std::uint32_t wanted = session.options.counters & (hardware | frequency | KRUNC_SMI);
    miss(session, session.options.counters & ~wanted, -EOPNOTSUPP);
    // Of a hybrid CPU, the kind of core that it runs on now.
    PerfTarget self{0, -1, false, session.machine.pmus.of(current_cpu())};
    PerfGroup &events = session.perf.thread[0];
    int shortage = open_group(session, self, wanted & hardware, events);
    if (shortage == 0 && events.count == 0 && first_error(session, wanted & hardware) == -EACCES) {
        // perf_event_paranoid allows everybody to count what happens in user space
        self.user_only = true;
        miss(session, wanted & hardware, 0);
        shortage = open_group(session, self, wanted & hardware, events);
        if (events.count != 0)
            session.facts.features |= KRUNC_FEATURE_USER_ONLY;
    }
    if (shortage != 0)
        return shortage;
    if (stays_on_one_kind(session.machine, self.pmu))
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
        shortage = open_group(session, self, others, session.perf.thread[1]);
    else
        miss(session, others, -EOPNOTSUPP);
    session.facts.counters = counted | session.perf.thread[1].counted();
    use_sampler<read_perf_thread>(session);
    if (shortage != 0)
        return shortage;
    return (session.facts.counters & wide) != 0 ? 0 : first_error(session, wanted);
}

int open_cpus(krunc_session &session)
{
    const std::uint32_t wanted = session.options.counters & of_cpu;
    miss(session, session.options.counters & ~wanted, -EOPNOTSUPP);
    session.facts.counters = 0;
    unsigned tried = 0;
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        PerfCpu &one = session.perf.cpus[i];
        if (!session.machine.online.has(session.cpus[i]))
            continue;
        tried++;
        if (const int shortage = open_group(session, cpu_target(session, session.cpus[i]), wanted, one.group))
            return shortage;
        one.counters = one.group.counted();
        session.facts.counters |= one.counters;
        if (session.facts.counters == 0)
            break; // what the first CPU refuses, the others will
    }
    if (tried == 0)
        return -ENXIO;
    // Those that are offline will have what the others have.
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        if (!session.machine.online.has(session.cpus[i]))
            session.perf.cpus[i].counters = session.facts.counters;
    }
    use_sampler<read_perf_cpus>(session);
    return (session.facts.counters & wide) != 0 ? 0 : first_error(session, wanted);
}

int open_perf(krunc_session &session)
{
    session.perf = {};
    if ((session.options.flags & (KRUNC_RENDEZVOUS | KRUNC_SKIP_NOHZ_FULL | KRUNC_IDLE_SNAPSHOT)) != 0)
        return -EOPNOTSUPP;
    if (session.options.scope == KRUNC_SCOPE_THREAD) {
        session.perf.thread = static_cast<PerfGroup *>(std::calloc(thread_groups, sizeof(PerfGroup)));
        return session.perf.thread != nullptr ? open_thread(session) : -ENOMEM;
    }
    session.perf.cpus = static_cast<PerfCpu *>(std::calloc(session.facts.readings, sizeof(PerfCpu)));
    return session.perf.cpus != nullptr ? open_cpus(session) : -ENOMEM;
}

void close_perf(krunc_session &session)
{
    const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    for (krunc_thread_counter &one : session.thread_counters) {
        if (one.page != nullptr)
            munmap(const_cast<void *>(one.page), size);
        one = {};
    }
    for (unsigned i = 0; session.perf.thread != nullptr && i < thread_groups; i++)
        close_group(session.perf.thread[i]);
    for (std::uint32_t i = 0; session.perf.cpus != nullptr && i < session.facts.readings; i++)
        close_group(session.perf.cpus[i].group);
    std::free(session.perf.thread);
    std::free(session.perf.cpus);
}

} // namespace

const Way perf_way = {open_perf, close_perf};

} // namespace krunc
