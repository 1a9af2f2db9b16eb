// SPDX-License-Identifier: MIT
// What a check has found. Its name is filled in by the table of checks.
#pragma once

#include <string>
#include <utility>
#include <vector>

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
    // Interrupts and preemptions a second, of each window, if it was measured in windows.
    std::vector<double> rates = {};
};

inline CheckResult not_passed(CheckStatus status, std::string detail, std::string remedy)
{
    CheckResult result;
    result.status = status;
    result.detail = std::move(detail);
    result.remedy = std::move(remedy);
    return result;
}

inline CheckResult pass(std::string detail) { return not_passed(CheckStatus::pass, std::move(detail), {}); }

inline CheckResult fail(std::string detail, std::string remedy)
{
    return not_passed(CheckStatus::fail, std::move(detail), std::move(remedy));
}

inline CheckResult missing(std::string detail, std::string remedy)
{
    return not_passed(CheckStatus::missing, std::move(detail), std::move(remedy));
}

inline CheckResult unknown(std::string detail, std::string remedy)
{
    return not_passed(CheckStatus::unknown, std::move(detail), std::move(remedy));
}

} // namespace krun
