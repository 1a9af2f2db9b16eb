// SPDX-License-Identifier: MIT
// What a run of the tests comes to: every case with its tests, whatever did not run included.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cases/case_result.hpp"
#include "report/line_report.hpp"
#include "runner/case_plan.hpp"
#include "runner/ctest_output.hpp"

namespace krun
{

struct ReportedCase {
    PlannedCase plan;
    double seconds = 0;
    CaseResult result; // its tally says at least one thing
};

struct RunReport {
    std::vector<ReportedCase> cases;

    [[nodiscard]] Tally total() const;
    [[nodiscard]] unsigned proven_before() const; // tests
    [[nodiscard]] bool good() const;              // none failed, and at least one passed
};

// A case that ended. `result`: what it left, if it did.
ReportedCase report_end(const PlannedCase &plan, const CaseEnd &end, const std::optional<CaseResult> &result);
// One that did not run.
ReportedCase report_not_run(const PlannedCase &plan, const std::string &why);
// For those that CTest did not run: what they need, and did not get.
std::string why_not_run(const RunReport &so_far, const PlannedCase &one);

// How far each kernel line came whose kernel was wanted.
std::vector<LineStatus> line_statuses(const RunReport &report);
// What may be put on record of a line; nothing unless every stage went well.
std::optional<Proof> proof_of(const RunReport &report, const LineStatus &status, const std::string &date);

// "N passed, N failed, N skipped".
std::string closing_line(const Tally &tally);
std::string list_of_failures(const RunReport &report, const std::string &logs);
std::string list_of_skips(const RunReport &report);
nlohmann::ordered_json report_json(const RunReport &report);
std::string report_junit(const RunReport &report);

} // namespace krun
