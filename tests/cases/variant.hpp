// SPDX-License-Identifier: MIT
// What a patch of tests/kernel/variants says of itself, and what a selftest says of it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace krun
{

struct Variant {
    std::string config;
    std::string selftest;             // empty: none
    std::set<std::string> failing;    // its tests that must fail, and no others
    std::vector<std::string> passing; // programs of version 1 that must pass
};

// "Kernel: CONFIG" and "Fails: SELFTEST TEST..." or "Passes: PROGRAM..." before the patch itself. Nothing if one of
// them is not there, or both of the last.
std::optional<Variant> parse_variant(const std::string &patch);

// "not ok 3 epoch.offline_and_online_begin_a_new_one": without the fixture's name.
std::set<std::string> failed_tests(const std::string &tap);

} // namespace krun
