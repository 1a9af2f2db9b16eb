// SPDX-License-Identifier: MIT
// What a run comes to, above all of what went wrong and of what did not run.
#include "runner/run_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

PlannedCase planned_case(const std::string &name)
{
    PlannedCase plan;
    plan.name = name;
    plan.labels = {"kernel", "line-6.12"};
    plan.limit = 90;
    return plan;
}

CaseResult passed_result(unsigned tests)
{
    CaseResult result;
    result.tally.passed = tests;
    return result;
}

ReportedCase ended(const std::string &name, CaseStatus status, const std::optional<CaseResult> &result = {})
{
    return report_end(planned_case(name), {name, status, 1.5}, result);
}

ReportedCase with_stage(const std::string &name, const std::string &stage, bool good = true)
{
    auto result = passed_result(1);
    result.stages[stage] = good;
    return ended(name, CaseStatus::passed, result);
}

RunReport report_of_line()
{
    RunReport report;
    auto kernel = passed_result(3);
    kernel.stages = {{"apply", true}, {"configure", true}, {"build", true}};
    kernel.facts = {{"version", "6.12.117-1"}, {"release", "r"}, {"hooks", "h"}, {"overlay", "o"}};
    report.cases = {ended("kernel-6.12", CaseStatus::passed, kernel), with_stage("boot-6.12", "boot"),
                    with_stage("selftest-6.12-abi_test", "selftests"), with_stage("check-6.12", "tickless")};
    report.cases.back().result.facts["rate"] = "0.3";
    return report;
}

TEST(ReportEnd, CountsTheTestsOfACaseAndNotTheCase)
{
    EXPECT_EQ(closing_line(ended("a", CaseStatus::passed, passed_result(12)).result.tally),
              "12 passed, 0 failed, 0 skipped");
    EXPECT_EQ(closing_line(ended("a", CaseStatus::passed).result.tally), "1 passed, 0 failed, 0 skipped");
}

TEST(ReportEnd, WhateverEndsBadlyHasAFailureThatSaysHow)
{
    EXPECT_THAT(ended("a", CaseStatus::timed_out).result.tally.failures, ElementsAre(HasSubstr("time limit of 90 s")));
    EXPECT_THAT(ended("a", CaseStatus::died).result.tally.failures, ElementsAre(HasSubstr("crashed")));
    EXPECT_EQ(ended("a", CaseStatus::failed).result.tally.failed, 1U);
    EXPECT_EQ(ended("a", CaseStatus::failed, passed_result(3)).result.tally.failed, 1U);
    auto named = passed_result(3);
    named.tally.fail("abi_test: 3");
    EXPECT_THAT(ended("a", CaseStatus::failed, named).result.tally.failures, ElementsAre("abi_test: 3"));
}

TEST(ReportEnd, ASkippedCaseHasItsReason)
{
    CaseResult result;
    result.not_run = "for want of time";
    EXPECT_THAT(ended("a", CaseStatus::skipped, result).result.tally.skips, ElementsAre("for want of time"));
    EXPECT_EQ(ended("a", CaseStatus::skipped).result.tally.skipped, 1U);
}

TEST(WhyNotRun, NamesWhatWasNeededAndFailed)
{
    auto kernel = planned_case("kernel-6.12");
    kernel.gives = {"k"};
    auto guest = planned_case("abi_test");
    guest.needs = {"k"};
    RunReport report;
    report.cases = {report_end(kernel, {"kernel-6.12", CaseStatus::failed, 0}, {}),
                    report_end(guest, {"abi_test", CaseStatus::not_run, 0}, {})};
    EXPECT_EQ(why_not_run(report, guest), "needs kernel-6.12, which failed");
    EXPECT_EQ(report.cases[1].result.tally.skipped, 1U);
}

TEST(RunReport, IsGoodWhenSomethingPassedAndNothingFailed)
{
    RunReport report;
    EXPECT_FALSE(report.good());
    report.cases = {report_not_run(planned_case("a"), "opt-in")};
    EXPECT_FALSE(report.good());
    report.cases.push_back(ended("b", CaseStatus::passed));
    EXPECT_TRUE(report.good());
    EXPECT_EQ(closing_line(report.total()), "1 passed, 0 failed, 1 skipped");
    report.cases.push_back(ended("c", CaseStatus::failed));
    EXPECT_FALSE(report.good());
}

TEST(LineStatuses, ALineThatCameAllTheWayIsProven)
{
    const auto report = report_of_line();
    const auto lines = line_statuses(report);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(all_ok(lines[0]));
    EXPECT_EQ(lines[0].rate, "0.3");
    const auto proof = proof_of(report, lines[0], "2026-07-30");
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->version, "6.12.117-1");
    EXPECT_EQ(proof->release, "r");
    EXPECT_EQ(proof->date, "2026-07-30");
    EXPECT_EQ(proof->hooks, "h");
    EXPECT_EQ(proof->overlay, "o");
}

TEST(LineStatuses, OneFailedOrMissingSelftestIsNoProof)
{
    auto report = report_of_line();
    report.cases.push_back(with_stage("selftest-6.12-device_test", "selftests", false));
    EXPECT_EQ(line_statuses(report)[0].selftests, Outcome::failed);
    report.cases.back() = report_not_run(planned_case("selftest-6.12-device_test"), "for want of time");
    EXPECT_EQ(line_statuses(report)[0].selftests, Outcome::not_reached);
    EXPECT_FALSE(proof_of(report, line_statuses(report)[0], "2026-07-30"));
}

TEST(LineStatuses, ALineWhoseKernelNobodyWantedHasNoRow)
{
    RunReport report;
    report.cases = {ended("unit-1", CaseStatus::passed), report_not_run(planned_case("kernel-6.12"), "want of time")};
    EXPECT_TRUE(line_statuses(report).empty());
}

TEST(Reports, NameFailuresAndSkipsForPeopleAndPrograms)
{
    RunReport report;
    auto result = passed_result(1);
    result.tally.pass("z");
    result.tally.fail("x < \"y\"\nmore");
    result.tally.skip("no PMU");
    report.cases = {ended("a", CaseStatus::failed, result)};
    EXPECT_EQ(list_of_failures(report, "/l"), "FAILED: a: x < \"y\"\nmore\nlog: /l/a.log\n");
    EXPECT_EQ(list_of_skips(report), "skipped: a: no PMU\n");
    const auto json = report_json(report);
    EXPECT_EQ(json["passed"], 2);
    EXPECT_EQ(json["cases"][0]["outcome"], "failed");
    EXPECT_EQ(json["cases"][0]["skipped"][0], "no PMU");
    const auto xml = report_junit(report);
    EXPECT_THAT(xml, HasSubstr("<testsuites tests=\"4\" failures=\"1\" skipped=\"1\">"));
    EXPECT_THAT(xml, HasSubstr("<testcase classname=\"a\" name=\"z\"/>\n"));
    EXPECT_THAT(xml, HasSubstr("<testcase classname=\"a\" name=\"passed 2\"/>\n"));
    EXPECT_THAT(xml, HasSubstr("name=\"x &lt; &quot;y&quot;\"><failure"));
}

} // namespace
} // namespace krun
