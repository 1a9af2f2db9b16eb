// SPDX-License-Identifier: MIT
// What CTest knows of its cases, and which of them a run is about.
#pragma once

#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

struct PlannedCase {
    std::string name;
    std::vector<std::string> labels;
    std::vector<std::string> needs; // fixtures
    std::vector<std::string> gives; // likewise
    unsigned limit = 0;             // seconds, after which CTest ends it
    unsigned estimate = 0;          // seconds that it takes on a slow machine; 0: not known

    [[nodiscard]] bool has(const std::string &label) const;
    [[nodiscard]] std::string line() const; // of a label line-LINE; empty: none
    [[nodiscard]] std::string tier() const; // the label that is neither a line nor opt-in
    [[nodiscard]] bool opt_in() const;
};

struct CasePlan {
    std::vector<PlannedCase> run;      // what they need included
    std::vector<PlannedCase> left_out; // opt-in, and nobody has asked for them
};

// From `ctest --show-only=json-v1`.
Result<std::vector<PlannedCase>> read_cases(const std::string &json);

// No lines: all. No labels: all that is not opt-in. A name that no case has is a usage error; that of a line
// `without_source` has its own.
Result<CasePlan> plan_cases(const std::vector<PlannedCase> &all, const std::vector<std::string> &lines,
                            const std::vector<std::string> &labels,
                            const std::vector<std::string> &without_source = {});

// For `ctest --tests-regex`: exactly these.
std::string regex_of(const std::vector<PlannedCase> &cases);

// Those of `cases` that set up what this one needs.
std::vector<std::string> givers(const std::vector<PlannedCase> &cases, const PlannedCase &one);

} // namespace krun
