// SPDX-License-Identifier: MIT
// What comes to a CPU that is kept busy: interrupts of every kind, softirqs, other tasks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/busy_task.hpp"
#include "host/cause_trace.hpp"
#include "host/interrupts.hpp"
#include "util/result.hpp"

namespace krun
{

struct Disturbance {
    double seconds = 0;
    std::vector<InterruptRow> interrupts; // those that came
    std::vector<InterruptRow> softirqs;   // those that ran, whoever raised them: a task's own calls do, too
    std::uint64_t preemptions = 0;        // how often another task took the CPU
    std::uint64_t sleeps = 0;  // how often the task gave the CPU up; what wakes it again is an interrupt like others
    std::vector<Cause> causes; // if they were traced
    bool traced = false;       // the kernel could say what they are
    bool trace_is_cut = false; // only the last ones: more came than it remembers

    // Interrupts and preemptions.
    [[nodiscard]] std::uint64_t total() const;
    // In a second.
    [[nodiscard]] double rate() const;
    // One after the other.
    Disturbance &operator+=(const Disturbance &other);
};

// "LOC 3 (Local timer interrupts), 1 preemption; softirqs: TIMER 2"; "none".
std::string described(const Disturbance &disturbance);
// "timer delayed_work_timer_fn (2), task kworker/3:1"; the most frequent ones.
std::string described(const std::vector<Cause> &causes);

// Keeps the CPU busy and counts, after a second to settle. `trace`: also by the kernel's tracepoints. An Error is what
// kept it from being measured.
Result<Disturbance> disturbance_while_busy(int cpu, const std::vector<int> &online, Load load, double seconds,
                                           bool trace);

} // namespace krun
