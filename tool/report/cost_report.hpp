// SPDX-License-Identifier: MIT
// The output of the benchmarks read_cost and sample_cost: what a reading costs, by each method.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

struct WayCost {
    std::string way;                   // "null", "krun", "msr", ...
    std::optional<std::uint64_t> cost; // nothing where the kernel does not have this way
};

// Lines "<way> TAB <count or ->"; an error when the null system call is not among them.
Result<std::vector<WayCost>> parse_costs(const std::string &output);
// Nothing for a way that is not there.
std::optional<std::uint64_t> cost_of(const std::vector<WayCost> &costs, const std::string &way);
// The cost of a way, in that of another.
std::optional<double> ratio_of(const std::vector<WayCost> &costs, const std::string &way, const std::string &base);
// In null system calls.
std::optional<double> ratio_to_null(const std::vector<WayCost> &costs, const std::string &way);
std::string cost_table(const std::vector<WayCost> &costs, const std::string &unit);

} // namespace krun
