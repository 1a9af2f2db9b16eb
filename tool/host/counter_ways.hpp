// SPDX-License-Identifier: MIT
// Every way to read counters that this machine has, opened through libkruncounters, and why it lacks the others.
//
// All sessions are open at the same time. Each takes hardware counters of its own where it uses perf, so a machine with
// few of them may have none left for the last way; it is reported as missing, and may be measured alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <krun/counters.h>

#include "host/read_costs.hpp"

namespace krun
{

struct CounterWay {
    std::uint32_t way = 0;   // enum krunc_way
    std::uint32_t scope = 0; // enum krunc_scope
    std::uint32_t flags = 0; // of /dev/krun: KRUNC_RENDEZVOUS and so on
    bool in_place = false;   // one counter of the thread, without a call of any kind

    [[nodiscard]] std::string name() const;       // "device rendezvous", "perf in-place"
    [[nodiscard]] std::string scope_name() const; // "CPUs", "thread"
};

struct OpenWay {
    CounterWay way;
    std::vector<std::string> counters; // that a reading of the calling thread's CPU has
    unsigned cpus = 0;                 // that have them; 0: the thread
    std::uint64_t tsc_hz = 0;          // 0: not known
    bool tsc_invariant = false;
    std::unique_ptr<CostSubject> subject;
};

struct MissingWay {
    CounterWay way;
    std::string reason;
    std::string remedy; // empty if none is known
};

struct CounterWays {
    std::vector<OpenWay> open;
    std::vector<MissingWay> missing;
};

// The caller must have gone to the CPU where it will read. `chosen`: names of ways; empty for all of them. With
// `all_counters`, whatever a way can count instead of APERF, MPERF, core cycles and instructions.
CounterWays open_counter_ways(const std::vector<std::string> &chosen, bool all_counters);

// What readings are compared with: nothing at all, a bare system call, the clock.
struct Baseline {
    std::string name;
    std::string what;
    std::unique_ptr<CostSubject> subject;
};

std::vector<Baseline> cost_baselines();

// This machine, for measure_read_costs().
std::unique_ptr<CostMachine> cost_machine();

} // namespace krun
