// SPDX-License-Identifier: MIT
// What krunctl stat has found, for people, for programs, and for ReBench.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "host/measured_run.hpp"
#include "host/run_verdict.hpp"

namespace krun
{

struct StatRun {
    MeasuredRun run;
    RunVerdict verdict;
};

struct StatCommand {
    std::vector<std::string> arguments;
    std::vector<StatRun> runs;
};

struct StatResult {
    StatCommand command;
    std::optional<StatCommand> other; // with --compare
    krunc_facts facts{};
    int energy_error = 0; // errno
    std::optional<krunc_verdict_kind> fail_on;
};

std::string stat_report(const StatResult &result);
nlohmann::json stat_json(const StatResult &result);
// Lines that ReBench's adapter "RebenchLog" reads: criteria of a run first, then its total.
std::string rebench_log(const StatResult &result);

// A value of each run, in order; nothing for a run that has none.
using RunValues = std::vector<std::optional<double>>;
std::vector<double> present(const RunValues &values); // without the runs that have none
RunValues seconds_of(const StatCommand &command);

// The worst of all runs of both commands; nothing if none has a verdict.
std::optional<krunc_verdict_kind> worst_verdict(const StatResult &result);

// Runs of both commands whose verdict is `fail_on` or worse, or that have none.
struct FailedRuns {
    std::size_t failed = 0;
    std::size_t all = 0;
};
FailedRuns failed_runs(const StatResult &result, krunc_verdict_kind fail_on);

} // namespace krun
