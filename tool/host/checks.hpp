// SPDX-License-Identifier: MIT
// Checks a running Krun kernel over: is it one, is it fully tickless, do its counters count?
#pragma once

#include <string>
#include <vector>

#include "host/host.hpp"

namespace krun
{

enum class CheckStatus { pass, fail, skip };

struct CheckResult {
    std::string id;    // stable, for programs: "kernel-identity"
    std::string title; // for people
    CheckStatus status = CheckStatus::fail;
    std::string detail; // what was found
    std::string remedy; // what to do about it; empty on a pass
};

std::vector<CheckResult> check_kernel(Host &host);
bool all_good(const std::vector<CheckResult> &results); // nothing failed, and something passed

// What a Krun system call's errno means to a person, and what to do about it.
struct Explanation {
    std::string detail;
    std::string remedy;
};
Explanation explain_krun_errno(int error);

} // namespace krun
