// SPDX-License-Identifier: MIT
// What the two ends of a measurement have in common whatever the way: the nearest thing to the measured code is a time
// stamp, then the counters, then whatever else was asked for.
#pragma once

#include <cstdint>
#include <cstring>

#include "counter_masks.hpp"
#include "session.hpp"

namespace krunc
{

// RDTSC clears the upper halves of both registers.
inline std::uint64_t time_stamp()
{
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (high << 32) | low;
}

// Two stores take fewer instructions than one, and a sample should take few.
inline void stamp(std::uint64_t &edge)
{
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    auto *halves = reinterpret_cast<char *>(&edge);
    const auto first = static_cast<std::uint32_t>(low);
    const auto second = static_cast<std::uint32_t>(high);
    std::memcpy(halves, &first, sizeof(first));
    std::memcpy(halves + sizeof(first), &second, sizeof(second));
}

inline void write_header(const krunc_session &session, krunc_sample &sample)
{
    std::memcpy(&sample, &session.header, sizeof(session.header));
}

// The CPU that this thread runs on at the moment.
std::uint32_t current_cpu();

// What a way provides: fills the readings and krunc_sample.cpu; 0 or -errno.
using Reader = int (*)(krunc_session &session, krunc_sample &sample);

template <Reader read> int begin(krunc_session *session, krunc_sample *sample)
{
    write_header(*session, *sample);
    const int error = read(*session, *sample);
    stamp(sample->edge);
    return error;
}

template <Reader read> int end(krunc_session *session, krunc_sample *sample)
{
    stamp(sample->edge);
    write_header(*session, *sample);
    return read(*session, *sample);
}

// The clock, the thread's switches, /proc/interrupts: of `cpu`, in a session of a thread.
int read_beside(krunc_session &session, krunc_sample &sample, std::uint32_t cpu);

// A thread may have moved between the reading of the counters and that of the interrupts, which are of a CPU: only
// those of the reading's own CPU are valid.
inline void settle_interrupts(const krunc_session &session, krunc_sample &sample)
{
    for (std::uint32_t i = 0; session.interrupts != nullptr && i < session.facts.readings; i++) {
        krunc_reading &reading = *krunc_reading_at(&sample, i);
        if (session.interrupt_cpus[i] == reading.cpu)
            reading.valid |= KRUNC_INTERRUPTS;
    }
}

template <Reader read> int begin_with_more(krunc_session *session, krunc_sample *sample)
{
    if (const int error = read_beside(*session, *sample, current_cpu()))
        return error;
    write_header(*session, *sample);
    const int error = read(*session, *sample);
    settle_interrupts(*session, *sample);
    stamp(sample->edge);
    return error;
}

template <Reader read> int end_with_more(krunc_session *session, krunc_sample *sample)
{
    if (const int error = end<read>(session, sample))
        return error;
    const int error = read_beside(*session, *sample, krunc_reading_at(sample, 0)->cpu);
    settle_interrupts(*session, *sample);
    return error;
}

// `at_begin` and `at_end` differ where the order of the counters depends on the end.
template <Reader at_begin, Reader at_end = at_begin> void use_sampler(krunc_session &session)
{
    const bool more = (session.options.counters & beside) != 0 || (session.options.flags & KRUNC_PROC_INTERRUPTS) != 0;
    session.plain_begin = begin<at_begin>;
    session.plain_end = end<at_end>;
    session.begin = more ? begin_with_more<at_begin> : begin<at_begin>;
    session.end = more ? end_with_more<at_end> : end<at_end>;
}

// What every way but the device's writes into a reading. Interrupts that /proc/interrupts has given stay.
inline void write_reading(krunc_reading &reading, std::uint32_t cpu, unsigned status, std::uint32_t valid = 0)
{
    reading.sequence = 0;
    reading.cpu = cpu;
    reading.status = static_cast<std::uint16_t>(status);
    reading.flags = 0;
    reading.valid = valid;
    reading.sample = 0;
    reading.epoch = 0;
    reading.span = 0;
    reading.sequence_after = 0;
    reading.running = 0;
}

// The value of a counter that a system call or a register has given.
inline void store(krunc_reading &reading, std::uint32_t counter, std::uint64_t value)
{
    const auto low = static_cast<std::uint32_t>(value);
    switch (counter) {
    case KRUNC_APERF:
        reading.aperf = value;
        break;
    case KRUNC_MPERF:
        reading.mperf = value;
        break;
    case KRUNC_CYCLES:
        reading.cycles = value;
        break;
    case KRUNC_INSTRUCTIONS:
        reading.instructions = value;
        break;
    case KRUNC_SMI:
        reading.smi = low;
        break;
    case KRUNC_SWITCHES:
        reading.switches = low;
        break;
    case KRUNC_THERMAL:
        reading.thermal = low;
        break;
    case KRUNC_PACKAGE_THERMAL:
        reading.package_thermal = low;
        break;
    case KRUNC_EVENT(0):
    case KRUNC_EVENT(1):
    case KRUNC_EVENT(2):
    case KRUNC_EVENT(3):
        reading.events[__builtin_ctz(counter) - __builtin_ctz(KRUNC_EVENT(0))] = value;
        break;
    default:
        return;
    }
    reading.valid |= counter;
}

inline std::uint32_t span_since(std::uint64_t start)
{
    const std::uint64_t span = time_stamp() - start;
    return span > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(span);
}

inline void miss(krunc_session &session, std::uint32_t counters, int error)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((counters & (1u << bit)) != 0)
            session.facts.counter_errors[bit] = error;
    }
}

} // namespace krunc
