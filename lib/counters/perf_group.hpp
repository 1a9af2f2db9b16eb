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
    int fds[max_group];                // the leader first
    std::uint32_t counters[max_group]; // what each counts, KRUNC_*; 0: nothing, it is a companion

    std::uint32_t counted() const;
};

constexpr unsigned thread_groups = 2;

struct PerfCpu {
    PerfGroup group;
    std::uint32_t counters; // what a group of this CPU is to count; 0: no group can be had
    std::uint32_t epoch;    // grows whenever the counters have begun anew
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
    std::uint32_t pmu; // its type, on a hybrid CPU; otherwise 0
};

// Opens what it can of `counters`, and leaves the errors of the others in facts.counter_errors. The group counts when
// this returns, or is empty. An error is a shortage, after which nothing else need be tried.
int open_group(krunc_session &session, const PerfTarget &target, std::uint32_t counters, PerfGroup &group);

// The same without looking whether it counts. An error is that of the first event that could not be opened, if none
// could.
int reopen_group(const krunc_session &session, const PerfTarget &target, std::uint32_t counters, PerfGroup &group);

void close_group(PerfGroup &group);

enum class GroupState {
    counts,
    no_counter, // the hardware has none left for it
    incomplete, // it did not count all the time
    dissolved,  // its CPU has gone offline, and it will not count again
    failed,     // read(2) has
};

// `error` is that of read(2), or 0.
GroupState read_group(const PerfGroup &group, PerfValues &values, int &error);

// Has the kernel try again to find hardware counters for a group that had none. What it counted before is incomplete.
void retry_group(const PerfGroup &group);

void store_group(krunc_reading &reading, const PerfGroup &group, const PerfValues &values);

} // namespace krunc
