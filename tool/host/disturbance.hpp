// SPDX-License-Identifier: MIT
// What comes to a CPU that is kept busy: interrupts of every kind, softirqs, other tasks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/busy_cpus.hpp"
#include "host/cause_trace.hpp"
#include "util/result.hpp"

namespace krun
{

// /proc/interrupts and /proc/softirqs: a row a kind, a column a CPU that is online.

struct InterruptRow {
    std::string name; // "LOC", "24", "TIMER"
    std::string what; // the text behind the counts: "Local timer interrupts", "IO-APIC 2-edge timer"; may be empty
    std::uint64_t count = 0;

    bool operator==(const InterruptRow &) const = default;
};

// What one CPU has taken, of every kind. The heading says which column is whose. Rows that count for the whole machine
// (ERR, MIS) are left out; empty if the CPU has no column.
std::vector<InterruptRow> interrupt_rows(std::string_view text, int cpu);

// The rows that have grown, by how much. One that was not there before, because a driver came, has begun at 0.
std::vector<InterruptRow> grown_rows(const std::vector<InterruptRow> &before, const std::vector<InterruptRow> &after);

// Adds the counts of `more`, whose rows may be others.
void add_rows(std::vector<InterruptRow> &rows, const std::vector<InterruptRow> &more);

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
