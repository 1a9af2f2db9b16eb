// SPDX-License-Identifier: MIT
// Counting test results, and judging a program of the guest by the TAP that it prints.
#pragma once

#include <string>
#include <vector>

namespace krun
{

struct Tally {
    unsigned passed = 0;
    unsigned failed = 0;
    unsigned skipped = 0;
    std::vector<std::string> passes;   // names of the passed, as far as they have any
    std::vector<std::string> failures; // names of the failed, with what is known about why
    std::vector<std::string> skips;    // names of the skipped, with the reason

    void pass(std::string name = {});
    void fail(std::string name);
    void skip(std::string name);
    Tally &operator+=(const Tally &other);
};

// Everything in a TAP stream, several streams after one another included. A plan that was not fulfilled (the program
// died) is a failure for each missing test, named by its number; so is a stream without any plan.
Tally tally_of_tap(const std::string &name, const std::string &output);

// "3 passed, 0 failed", with ", 1 skipped" when there are any.
std::string summary(const Tally &tally);

} // namespace krun
