// SPDX-License-Identifier: MIT
// Verifies the running kernel: is it a Krun kernel, is it fully tickless, do its counters count?
#pragma once

#include <string>
#include <vector>

#include "host/host.hpp"

namespace krun
{

// What is missing is not broken, and what could not be measured is neither.
enum class CheckStatus {
    pass,
    fail,    // it is there and does not work
    missing, // not installed, not configured, or not in this machine
    unknown, // it could not be measured: no permission, a CPU that is offline, a file that is hidden
    skip,    // it says nothing about this machine
};

struct CheckResult {
    std::string id;    // stable, for programs: "kernel-identity"
    std::string title; // for people
    CheckStatus status = CheckStatus::unknown;
    std::string detail;   // what was found
    std::string remedy;   // what to do about it; empty on a pass
    bool required = true; // measuring works without it when it is not
};

std::vector<CheckResult> check_kernel(Host &host);
bool all_good(const std::vector<CheckResult> &results); // all that is required passed or was skipped, and one passed

// The ids of the checks that forbid making this kernel the default: those that failed or could not measure, and the
// identity of a kernel without any Krun interface. Whatever else is missing is not the kernel's fault.
std::vector<std::string> against_promotion(const std::vector<CheckResult> &results);

// What an errno of a Krun system call or of /dev/krun means to a person, and what to do about it.
struct Explanation {
    CheckStatus status = CheckStatus::fail;
    std::string detail;
    std::string remedy;
};
Explanation explain_krun_errno(int error);

} // namespace krun
