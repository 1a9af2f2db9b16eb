// SPDX-License-Identifier: MIT
// A GoogleTest program of the build folder.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "cases/case.hpp"

namespace krun
{

struct GtestRun {
    std::string program; // "unit/krun_unit_tests"
    std::map<std::string, std::string> environment;
    std::string filter;                                    // of --gtest_filter; empty: all
    std::function<void(const std::string &)> on_line = {}; // gets each line that it prints
    std::vector<std::string> under = {};                   // a command that runs it
};

// An Error: there is no such program, it died before its report, Ctrl-C.
Result<Tally> run_gtest(const Case &one, const GtestRun &run);
// The file that --gtest_output=json:FILE leaves.
Result<Tally> tally_of_gtest(const std::string &json);

} // namespace krun
