// SPDX-License-Identifier: MIT
// See run_report.hpp. What each report looks like is in report_text.cpp.
#include "runner/run_report.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace krun
{

namespace
{

// A selftest of the usual configuration counts for its line.
bool is_selftest_of_line(const PlannedCase &one) { return one.name.starts_with("selftest-") && one.has("kernel"); }

void judge_stage(LineStatus &status, const LineStage &stage, const ReportedCase &one)
{
    const auto found = one.result.stages.find(stage.name);
    auto &outcome = status.*stage.outcome;
    if (found == one.result.stages.end() || outcome == Outcome::failed)
        return;
    outcome = found->second ? Outcome::ok : Outcome::failed;
}

std::string fact(const CaseResult &result, const std::string &name)
{
    const auto found = result.facts.find(name);
    return found == result.facts.end() ? "" : found->second;
}

} // namespace

Tally RunReport::total() const
{
    Tally tally;
    for (const auto &one : cases)
        tally += one.result.tally;
    return tally;
}

unsigned RunReport::proven_before() const
{
    unsigned tests = 0;
    for (const auto &one : cases)
        tests += one.result.proven_before ? one.result.tally.passed : 0;
    return tests;
}

bool RunReport::good() const
{
    const auto tally = total();
    return tally.failed == 0 && tally.passed != 0;
}

ReportedCase report_not_run(const PlannedCase &plan, const std::string &why)
{
    ReportedCase one{plan, 0, {}};
    one.result.not_run = why;
    one.result.tally.skip(why);
    return one;
}

ReportedCase report_end(const PlannedCase &plan, const CaseEnd &end, const std::optional<CaseResult> &result)
{
    if (end.status == CaseStatus::not_run)
        return report_not_run(plan, "not run");
    ReportedCase one{plan, end.seconds, result.value_or(CaseResult{})};
    auto &tally = one.result.tally;
    if (end.status == CaseStatus::timed_out)
        tally.fail(fmt::format("no end within its time limit of {} s", plan.limit));
    else if (end.status == CaseStatus::died)
        tally.fail("the test program crashed");
    else if (end.status == CaseStatus::failed && tally.failed == 0)
        tally.fail(result ? "ended as a failure after its last test" : "failed without a result");
    else if (end.status == CaseStatus::skipped && tally.skipped == 0)
        tally.skip(one.result.not_run.empty() ? "skipped without a reason" : one.result.not_run);
    else if (end.status == CaseStatus::passed && tally.passed + tally.failed == 0)
        tally.pass();
    return one;
}

std::string why_not_run(const RunReport &so_far, const PlannedCase &one)
{
    std::vector<PlannedCase> all;
    for (const auto &other : so_far.cases)
        all.push_back(other.plan);
    std::vector<std::string> broken;
    for (const auto &name : givers(all, one))
        for (const auto &other : so_far.cases)
            if (other.plan.name == name && (other.result.tally.failed != 0 || !other.result.not_run.empty()))
                broken.push_back(name);
    return broken.empty() ? "not run" : fmt::format("needs {}, which failed", fmt::join(broken, ", "));
}

std::vector<LineStatus> line_statuses(const RunReport &report)
{
    std::vector<LineStatus> statuses;
    for (const auto &kernel : report.cases) {
        const auto line = kernel.plan.line();
        if (kernel.plan.name != "kernel-" + line || line.empty() || !kernel.result.not_run.empty())
            continue;
        LineStatus status;
        status.line = line;
        status.version = fact(kernel.result, "version");
        bool all_selftests = true;
        for (const auto &one : report.cases) {
            if (one.plan.line() != line)
                continue;
            for (const auto &stage : line_stages)
                judge_stage(status, stage, one);
            if (const auto rate = fact(one.result, "rate"); !rate.empty())
                status.rate = rate;
            if (is_selftest_of_line(one.plan) && !one.result.stages.contains("selftests"))
                all_selftests = false;
        }
        if (!all_selftests && status.selftests == Outcome::ok)
            status.selftests = Outcome::not_reached;
        statuses.push_back(status);
    }
    return statuses;
}

std::optional<Proof> proof_of(const RunReport &report, const LineStatus &status, const std::string &date)
{
    if (!all_ok(status))
        return std::nullopt;
    for (const auto &one : report.cases)
        if (one.plan.name == "kernel-" + status.line)
            return Proof{status.version, fact(one.result, "release"), date, fact(one.result, "hooks"),
                         fact(one.result, "overlay")};
    return std::nullopt;
}

} // namespace krun
