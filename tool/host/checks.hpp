// SPDX-License-Identifier: MIT
// The checks of a kernel: single ones, and all of them.
#pragma once

#include <string>
#include <vector>

#include "host/host.hpp"
#include "util/check_result.hpp"

namespace krun
{

// Whether CPUs are adaptive-tick, and whether a busy one is left alone.

// How a busy CPU is watched.
struct Windows {
    int count = 3;
    double seconds = 3.0; // each
    // Measure them all, by the kernel's tracepoints as well, and judge the median. Otherwise the quietest will do: a
    // disturbance that is over is none, and a tick that is held is in every window.
    bool all = false;
};

CheckResult check_nohz_full(Host &host);
CheckResult check_tickless(Host &host, Load load, const Windows &windows);

// Whether every counter increases on every CPU that is online.
CheckResult check_counters(Host &host);

// Verifies the running kernel: is it a Krun kernel, is it fully tickless, do its counters count?

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
CheckResult explain_krun_errno(int error);

} // namespace krun
