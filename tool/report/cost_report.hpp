// SPDX-License-Identifier: MIT
// What readings cost in a guest, and what the parts of a build cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

// The output of the benchmarks read_cost and sample_cost: what a reading costs, by each method.

struct WayCost {
    std::string way;                   // "null", "krun", "msr", ...
    std::optional<std::uint64_t> cost; // nothing where the kernel does not have this way
};

// Lines "<way> TAB <count or ->"; an error when the null system call is not among them.
Result<std::vector<WayCost>> parse_costs(const std::string &output);
// Nothing for a way that is not there.
std::optional<std::uint64_t> cost_of(const std::vector<WayCost> &costs, const std::string &way);
// In null system calls.
std::optional<double> ratio_to_null(const std::vector<WayCost> &costs, const std::string &way);
std::string cost_table(const std::vector<WayCost> &costs, const std::string &unit);

// What the parts of a long job cost: CPU time and wall time.

struct PartCost {
    std::string part;
    double cpu_seconds = 0;  // of all its programs, user and system time
    double wall_seconds = 0; // from its beginning to its end; parts may overlap
};

// "PART,CPU SECONDS,WALL SECONDS;" for each part, as the wrapper ./krun has it in $KRUN_COSTS. What is not of this form
// is left out: a report of costs is no reason to fail.
std::vector<PartCost> parse_part_costs(const std::string &text);

// A row a part, and the sum of their CPU time. `wall_seconds` is that of the whole, as the parts may overlap.
std::string part_cost_table(const std::vector<PartCost> &parts, double wall_seconds);

} // namespace krun
