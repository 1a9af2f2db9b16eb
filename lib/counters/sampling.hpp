// SPDX-License-Identifier: MIT
// What the two ends of a measurement have in common whatever the way: the nearest thing to the measured code is a time
// stamp, then the counters, then whatever else was asked for.
#pragma once

#include <cstdint>
#include <cstring>

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

// The clock, the thread's switches, /proc/interrupts.
int read_beside(krunc_session &session, krunc_sample &sample);

template <Reader read> int begin_with_more(krunc_session *session, krunc_sample *sample)
{
    const int error = read_beside(*session, *sample);
    return error != 0 ? error : begin<read>(session, sample);
}

template <Reader read> int end_with_more(krunc_session *session, krunc_sample *sample)
{
    const int error = end<read>(session, sample);
    return error != 0 ? error : read_beside(*session, *sample);
}

template <Reader read> void use_sampler(krunc_session &session)
{
    const bool more = (session.options.counters & (KRUNC_CLOCK | KRUNC_THREAD_SWITCHES)) != 0 ||
                      (session.options.flags & KRUNC_PROC_INTERRUPTS) != 0;
    session.plain_begin = begin<read>;
    session.plain_end = end<read>;
    session.begin = more ? begin_with_more<read> : begin<read>;
    session.end = more ? end_with_more<read> : end<read>;
}

// What every way but the device's writes into a reading. Interrupts that /proc/interrupts has given stay.
inline void write_reading(const krunc_session &session, krunc_reading &reading, std::uint32_t cpu, unsigned status,
                          std::uint32_t valid)
{
    reading.sequence = 0;
    reading.cpu = cpu;
    reading.status = static_cast<std::uint16_t>(status);
    reading.flags = 0;
    reading.valid = valid | session.supplement;
    reading.sample = 0;
    reading.epoch = 0;
    reading.span = 0;
    reading.sequence_after = 0;
    reading.running = 0;
}

inline std::uint32_t span_since(std::uint64_t start)
{
    const std::uint64_t span = time_stamp() - start;
    return span > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(span);
}

// The CPU that this thread runs on at the moment.
std::uint32_t current_cpu();

inline void miss(krunc_session &session, std::uint32_t counters, int error)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        if ((counters & (1u << bit)) != 0)
            session.facts.counter_errors[bit] = error;
    }
}

} // namespace krunc
