// SPDX-License-Identifier: MIT
// What the parts of a long job cost: CPU time and wall time.
#pragma once

#include <string>
#include <vector>

namespace krun
{

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
