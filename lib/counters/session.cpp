// SPDX-License-Identifier: MIT
// Opening a session, and the calls that use it.
#include "session.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>

#include "calibration.hpp"
#include "counter_masks.hpp"
#include "proc_interrupts.hpp"
#include "sampling.hpp"
#include "sized.hpp"

namespace krunc
{

namespace
{

constexpr std::uint32_t all_counters = (wide & ~own_events) | KRUNC_SMI | KRUNC_INTERRUPTS | KRUNC_SWITCHES |
                                       KRUNC_THERMAL | KRUNC_PACKAGE_THERMAL | beside;
constexpr std::uint32_t all_flags =
    KRUNC_RENDEZVOUS | KRUNC_SKIP_NOHZ_FULL | KRUNC_IDLE_SNAPSHOT | KRUNC_PROC_INTERRUPTS | KRUNC_NO_CALIBRATION;
constexpr std::uint32_t all_ways = (1u << KRUNC_WAYS) - 1;

const Way *const ways[KRUNC_WAYS] = {&device_way, &calls_way, &perf_way, &msr_way, &tsc_way};

int complete(krunc_options &options)
{
    if (options.ways == 0)
        options.ways = all_ways;
    if (options.counters == 0)
        options.counters = all_counters;
    options.counters |= options.required;
    for (const krunc_event &event : options.events) {
        if (event.reserved != 0)
            return -EINVAL;
    }
    const bool cpus = options.scope == KRUNC_SCOPE_CPUS;
    if ((!cpus && options.scope != KRUNC_SCOPE_THREAD) || (options.ways & ~all_ways) != 0 ||
        (options.counters & ~(all_counters | own_events)) != 0 || (options.flags & ~all_flags) != 0 ||
        (!cpus && (options.cpus != nullptr || options.cpus_size != 0)) ||
        (options.cpus == nullptr) != (options.cpus_size == 0) || !(options.max_ratio >= 0 && options.max_ratio < 1000))
        return -EINVAL;
    return 0;
}

int choose_cpus(krunc_session &session, CpuSet &chosen)
{
    const krunc_options &options = session.options;
    chosen = session.machine.online;
    if (options.cpus != nullptr) {
        chosen = {};
        const auto *bytes = static_cast<const unsigned char *>(options.cpus);
        for (std::size_t i = 0; i < options.cpus_size * 8; i++) {
            if ((bytes[i / 8] >> (i % 8) & 1) == 0)
                continue;
            if (!session.machine.possible.has(i < max_cpus ? static_cast<unsigned>(i) : max_cpus))
                return -EINVAL;
            chosen.add(static_cast<unsigned>(i));
        }
    }
    return chosen.count() != 0 ? 0 : -EINVAL;
}

int prepare(krunc_session &session)
{
    if (const int error = examine(session.machine, "/sys"))
        return error;
    krunc_facts &facts = session.facts;
    facts.scope = session.options.scope;
    facts.wanted = session.options.counters;
    facts.flags = session.options.flags;
    facts.possible_cpus = session.machine.possible.end();
    session.cpu_table = describe_cpus(session.machine);
    if (session.cpu_table == nullptr)
        return -ENOMEM;
    facts.cpu = session.cpu_table;
    tell_clocks(facts);
    facts.readings = 1;
    if (session.options.scope == KRUNC_SCOPE_CPUS) {
        CpuSet chosen;
        if (const int error = choose_cpus(session, chosen))
            return error;
        facts.readings = chosen.count();
        session.cpus = static_cast<std::uint32_t *>(std::calloc(facts.readings, sizeof(std::uint32_t)));
        if (session.cpus == nullptr)
            return -ENOMEM;
        for (unsigned cpu = 0, i = 0; cpu < chosen.end(); cpu++) {
            if (chosen.has(cpu))
                session.cpus[i++] = cpu;
        }
    }
    session.options.cpus = nullptr; // the caller's
    session.sample_size = sizeof(krunc_sample) + facts.readings * sizeof(krunc_reading);
    facts.sample_size = session.sample_size;
    session.own_calls = static_cast<std::uint32_t *>(std::calloc(facts.readings, sizeof(std::uint32_t)));
    session.interrupt_cpus = static_cast<std::uint32_t *>(std::calloc(facts.readings, sizeof(std::uint32_t)));
    if (session.own_calls == nullptr || session.interrupt_cpus == nullptr)
        return -ENOMEM;
    if ((facts.flags & KRUNC_PROC_INTERRUPTS) == 0)
        return 0;
    session.interrupts_error = open_interrupts(session.machine, session.interrupts);
    if (session.interrupts_error != 0) {
        close_interrupts(session.interrupts);
        session.interrupts = nullptr;
    }
    return session.interrupts_error == -ENOMEM ? -ENOMEM : 0;
}

// What is beside the counters comes from no way.
void add_beside(krunc_session &session)
{
    krunc_facts &facts = session.facts;
    facts.counters |= session.options.counters & beside;
    miss(session, session.options.counters & beside, 0);
    const bool wanted = (session.options.counters & KRUNC_INTERRUPTS) != 0;
    if (session.interrupts != nullptr && wanted && session.way != &device_way) {
        facts.counters |= KRUNC_INTERRUPTS;
        facts.counter_errors[__builtin_ctz(KRUNC_INTERRUPTS)] = 0;
    } else {
        if (session.interrupts_error != 0 && wanted && session.way != &device_way)
            miss(session, KRUNC_INTERRUPTS, session.interrupts_error);
        close_interrupts(session.interrupts);
        session.interrupts = nullptr;
    }
    miss(session, facts.counters, 0); // an error of one CPU is no reason where others have the counter
    session.header = facts.readings | std::uint64_t{session.options.counters & beside} << 32;
}

int missing_error(const krunc_facts &facts, std::uint32_t missing)
{
    const int error = missing != 0 ? facts.counter_errors[__builtin_ctz(missing)] : 0;
    return error != 0 ? error : -EOPNOTSUPP;
}

int open_way(krunc_session &session, unsigned number)
{
    krunc_facts &facts = session.facts;
    const std::uint32_t features = facts.features;
    std::memset(facts.counter_errors, 0, sizeof(facts.counter_errors));
    facts.counters = 0;
    facts.counter_bits = 0;
    int error = ways[number]->open(session);
    std::uint32_t had = facts.counters | beside;
    if (session.interrupts != nullptr && ways[number] != &device_way)
        had |= KRUNC_INTERRUPTS;
    if (error == 0 && (session.options.required & ~had) != 0)
        error = missing_error(facts, session.options.required & ~had);
    if (error != 0) {
        ways[number]->close(session);
        facts.features = features;
        return error;
    }
    session.way = ways[number];
    facts.way = number;
    return 0;
}

// 0, or the error of the best way that says more than that it is not there.
int open_best_way(krunc_session &session)
{
    const auto absent = [](int error) {
        return error == -ENOENT || error == -ENOSYS || error == -EOPNOTSUPP || error == -ENODEV;
    };
    int telling = 0;
    for (unsigned number = 0; number < KRUNC_WAYS; number++) {
        if ((session.options.ways & 1u << number) == 0)
            continue;
        const int error = open_way(session, number);
        if (error == 0)
            return 0;
        session.facts.way_errors[number] = error;
        if (telling == 0 || (absent(telling) && !absent(error)))
            telling = error;
    }
    return telling;
}

int open_session(krunc_session &session)
{
    if (const int error = prepare(session))
        return error;
    if (const int error = open_best_way(session))
        return error;
    add_beside(session);
    if (session.facts.tsc_hz == 0)
        calibrate_tsc(session.facts);
    session.facts.max_ratio = session.options.max_ratio != 0 ? session.options.max_ratio
                                                             : highest_ratio(session.machine, session.facts.tsc_hz);
    return (session.options.flags & KRUNC_NO_CALIBRATION) != 0 ? 0 : calibrate(session);
}

} // namespace

} // namespace krunc

using namespace krunc;

int krunc_open(const krunc_options *options, krunc_session **session)
{
    if (session == nullptr)
        return -EINVAL;
    *session = nullptr;
    krunc_options complete_options{};
    if (options != nullptr) {
        if (const int error = take_sized(complete_options, options, options->size))
            return error;
    }
    if (const int error = complete(complete_options))
        return error;
    auto *opened = static_cast<krunc_session *>(std::calloc(1, sizeof(krunc_session)));
    if (opened == nullptr)
        return -ENOMEM;
    opened->options = complete_options;
    if (const int error = open_session(*opened)) {
        krunc_close(opened);
        return error;
    }
    *session = opened;
    return 0;
}

void krunc_close(krunc_session *session)
{
    if (session == nullptr)
        return;
    if (session->way != nullptr)
        session->way->close(*session);
    close_interrupts(session->interrupts);
    std::free(session->cpus);
    std::free(session->own_calls);
    std::free(session->interrupt_cpus);
    std::free(session->cpu_table);
    std::free(session);
}

int krunc_get_facts(const krunc_session *session, krunc_facts *facts)
{
    if (session == nullptr || facts == nullptr)
        return -EINVAL;
    return give_sized(session->facts, facts, facts->size);
}

int krunc_sample_begin(krunc_session *session, krunc_sample *sample, std::size_t size)
{
    if (session == nullptr || sample == nullptr || size < session->sample_size)
        return -EINVAL;
    return session->begin(session, sample);
}

int krunc_sample_end(krunc_session *session, krunc_sample *sample, std::size_t size)
{
    if (session == nullptr || sample == nullptr || size < session->sample_size)
        return -EINVAL;
    return session->end(session, sample);
}

int krunc_get_samplers(const krunc_session *session, krunc_sampler *begin, krunc_sampler *end)
{
    if (session == nullptr || begin == nullptr || end == nullptr)
        return -EINVAL;
    *begin = session->begin;
    *end = session->end;
    return 0;
}
