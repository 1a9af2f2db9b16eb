// SPDX-License-Identifier: MIT
// Verifies the running kernel: is it a Krun kernel, is it fully tickless, do its counters count?
#pragma once

#include <string>
#include <vector>

#include "host/check_result.hpp"
#include "host/host.hpp"
#include "host/tickless_check.hpp"

namespace krun
{

// The ids, in the order of the checks.
std::vector<std::string> check_ids();

struct CheckOptions {
    std::vector<std::string> ids; // of those to make; none: all
    Windows windows;
};

std::vector<CheckResult> check_kernel(Host &host, const CheckOptions &options = {});
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
