// SPDX-License-Identifier: MIT
// Perf events that are read together: all that a session wants of one CPU, or of its thread.
#pragma once

#include <cstdint>

#include "session.hpp"

namespace krunc
{

constexpr unsigned max_group = 12;

struct PerfGroup {
    unsigned count;
    int fds[max_group];                // the leader first; -1: none
    std::uint32_t counters[max_group]; // what each counts, KRUNC_*

    std::uint32_t counted() const;
};

struct PerfValues {
    std::uint64_t count;
    std::uint64_t enabled; // ns
    std::uint64_t running; // ns
    std::uint64_t values[max_group];
};

// For which task and on which CPU, as in perf_event_open(2).
struct PerfTarget {
    int task;
    int cpu;
    bool user_only;
};

// Opens what it can of `counters`; the errors of the others are left in facts.counter_errors. The group counts when
// this returns, or is empty.
void open_group(krunc_session &session, const PerfTarget &target, std::uint32_t counters, PerfGroup &group);
void close_group(PerfGroup &group);

// False if the kernel has no hardware counter for it. `error` is that of read(2), or 0.
bool read_group(const PerfGroup &group, PerfValues &values, int &error);

void store(krunc_reading &reading, std::uint32_t counter, std::uint64_t value);

} // namespace krunc
