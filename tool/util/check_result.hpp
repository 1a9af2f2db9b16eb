// SPDX-License-Identifier: MIT
// What a check has found, for people and for programs. Its name is filled in by the table of checks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "util/result.hpp"

namespace krun
{

// What is missing is not broken, and what could not be measured is neither.
enum class CheckStatus {
    pass,
    warn,    // it works, and not as well as it could
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
    bool required = true; // what is checked works without it when it is not
    // Interrupts and preemptions a second, of each window, if it was measured in windows.
    std::vector<double> rates = {};
    ExitCode exit_code = ExitCode::answer_is_no; // of a command that cannot do without it
};

inline CheckResult finding(CheckStatus status, std::string detail, std::string remedy)
{
    return {{}, {}, status, std::move(detail), std::move(remedy)};
}
inline CheckResult pass(std::string detail) { return finding(CheckStatus::pass, std::move(detail), {}); }
inline CheckResult skip(std::string detail) { return finding(CheckStatus::skip, std::move(detail), {}); }
inline CheckResult warn(std::string detail, std::string remedy)
{
    return finding(CheckStatus::warn, std::move(detail), std::move(remedy));
}
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

// One line each, with the remedy below a bad one. `width` is that of the longest status among them.
std::string check_report(const std::vector<CheckResult> &results, std::size_t width = 7);
nlohmann::ordered_json checks_as_json(const std::vector<CheckResult> &results);
// One of them again; throws nlohmann::json::exception when it is something else.
CheckResult check_from_json(const nlohmann::json &json);

} // namespace krun
