// SPDX-License-Identifier: MIT
// /proc/interrupts and /proc/softirqs: a row a kind, a column a CPU that is online.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace krun
{

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

} // namespace krun
