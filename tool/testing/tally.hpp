// SPDX-License-Identifier: MIT
// Counting test results of every kind: TAP from the guest, GoogleTest's JSON, single commands.
#pragma once

#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

struct Tally {
    unsigned passed = 0;
    unsigned failed = 0;
    unsigned skipped = 0;
    std::vector<std::string> failures; // names of the failed, with what is known about why
    std::vector<std::string> skips;    // names of the skipped, with the reason

    void pass() { passed++; }
    void fail(std::string name);
    void skip(std::string name);
    Tally &operator+=(const Tally &other);
};

// Everything in a TAP stream, nested plans or several streams after one another included. A plan that was not
// fulfilled (the program died) is a failure for each missing test, and so is a stream without any plan.
Tally tally_of_tap(const std::string &name, const std::string &output);
// The file that --gtest_output=json:FILE leaves.
Result<Tally> tally_of_gtest(const std::string &json);

// "3 passed, 0 failed", with ", 1 skipped" when there are any.
std::string summary(const Tally &tally);

} // namespace krun
