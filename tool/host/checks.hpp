// SPDX-License-Identifier: MIT
// The checks of a kernel: what each says, and all of them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "host/host.hpp"

namespace krun
{

// What a check has found. Its name is filled in by the table of checks.

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
    // Interrupts and preemptions a second, of each window, if it was measured in windows.
    std::vector<double> rates = {};
};

inline CheckResult finding(CheckStatus status, std::string detail, std::string remedy)
{
    return {{}, {}, status, std::move(detail), std::move(remedy)};
}
inline CheckResult pass(std::string detail) { return finding(CheckStatus::pass, std::move(detail), {}); }
inline CheckResult fail(std::string detail, std::string remedy)
{
    return finding(CheckStatus::fail, std::move(detail), std::move(remedy));
}
inline CheckResult missing(std::string detail, std::string remedy)
{
    return finding(CheckStatus::missing, std::move(detail), std::move(remedy));
}
inline CheckResult unknown(std::string detail, std::string remedy)
{
    return finding(CheckStatus::unknown, std::move(detail), std::move(remedy));
}

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
