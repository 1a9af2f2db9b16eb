// SPDX-License-Identifier: MIT
// A GoogleTest program of the build folder that krunctl lies in.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "testing/tier.hpp"

namespace krun
{

struct GtestRun {
    std::string program; // "tests/unit/krun_unit_tests"
    std::map<std::string, std::string> environment;
    std::string filter;                                    // of --gtest_filter; empty: all
    std::function<void(const std::string &)> on_line = {}; // gets each line that it prints
};

// An Error: there is no such program, it died before its report, Ctrl-C.
Result<Tally> run_gtest(TierContext &context, const GtestRun &run);

} // namespace krun
