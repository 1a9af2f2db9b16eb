// SPDX-License-Identifier: MIT
// What a test run does, in which order: tiers that run once, and tiers that each kernel line runs.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "source/kernel_line.hpp"
#include "util/result.hpp"

namespace krun
{

struct TierStep {
    std::string tier;
    std::string line; // empty: no kernel line is needed

    [[nodiscard]] std::string name() const { return line.empty() ? tier : tier + " " + line; }
    bool operator==(const TierStep &) const = default;
};

const std::vector<std::string> &tier_names();

// An installed krunctl has the kernels' tests alone: that tier, or why not those that are wanted.
Result<std::vector<std::string>> tiers_without_clone(const std::vector<std::string> &wanted);

// The lines called `wanted`, in the order of `known` and each once; all of them when nothing is wanted. A name that is
// not known is a usage error.
Result<std::vector<KernelLine>> choose_lines(const std::vector<KernelLine> &known,
                                             const std::vector<std::string> &wanted);

// `lines` is sorted, oldest first. No tiers: all.
std::vector<TierStep> plan_tiers(const std::vector<std::string> &lines, const std::vector<std::string> &tiers);

// How long after a run of all tiers has begun this one may still begin: a machine that has nothing in its cache yet is
// to be done within an hour and a half. Nothing: whenever it is its turn.
std::optional<std::chrono::minutes> latest_start(const std::string &tier);

} // namespace krun
