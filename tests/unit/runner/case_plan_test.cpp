// SPDX-License-Identifier: MIT
#include "runner/case_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<PlannedCase> some_cases()
{
    return {{"unit", {"unit"}, {}, {}},
            {"kernel-6.1", {"kernel", "line-6.1"}, {}, {"k6.1"}},
            {"boot-6.1", {"kernel", "line-6.1"}, {"k6.1"}, {"b6.1"}},
            {"abi-6.1", {"kernel", "line-6.1"}, {"b6.1"}, {}},
            {"kernel-6.12", {"kernel", "line-6.12"}, {}, {"k6.12"}},
            {"style-6.12", {"style", "line-6.12"}, {"k6.12"}, {}},
            {"kcsan-6.12", {"race", "opt-in", "line-6.12"}, {}, {"kcsan"}},
            {"race-6.12", {"race", "opt-in", "line-6.12"}, {"kcsan"}, {}}};
}

std::vector<std::string> names_of(const std::vector<PlannedCase> &cases)
{
    std::vector<std::string> names;
    for (const auto &one : cases)
        names.push_back(one.name);
    return names;
}

std::vector<std::string> planned(const std::vector<std::string> &lines, const std::vector<std::string> &labels)
{
    return names_of(plan_cases(some_cases(), lines, labels).value().run);
}

TEST(PlanCases, AllButWhatIsOptInWhichIsNamed)
{
    const auto plan = plan_cases(some_cases(), {}, {}).value();
    EXPECT_THAT(names_of(plan.run),
                ElementsAre("unit", "kernel-6.1", "boot-6.1", "abi-6.1", "kernel-6.12", "style-6.12"));
    EXPECT_THAT(names_of(plan.left_out), ElementsAre("race-6.12"));
}

TEST(PlanCases, ALineLeavesOutTheOtherLinesAndNothingElse)
{
    EXPECT_THAT(planned({"6.12"}, {}), ElementsAre("unit", "kernel-6.12", "style-6.12"));
    EXPECT_THAT(names_of(plan_cases(some_cases(), {"6.1"}, {}).value().left_out), ElementsAre());
}

TEST(PlanCases, ALabelBringsWhatItsCasesNeedDownToTheKernel)
{
    EXPECT_THAT(planned({}, {"style"}), ElementsAre("kernel-6.12", "style-6.12"));
    EXPECT_THAT(planned({}, {"race"}), ElementsAre("kcsan-6.12", "race-6.12"));
    EXPECT_THAT(planned({"6.1"}, {"kernel", "unit"}), ElementsAre("unit", "kernel-6.1", "boot-6.1", "abi-6.1"));
    EXPECT_THAT(plan_cases(some_cases(), {}, {"unit"}).value().left_out, ElementsAre());
}

TEST(PlanCases, AnUnknownNameIsWrongUsageAndTheHintHasTheKnownOnes)
{
    const auto line = plan_cases(some_cases(), {"9.99"}, {});
    ASSERT_FALSE(line);
    EXPECT_EQ(line.error().code, ExitCode::usage);
    EXPECT_THAT(line.error().message, HasSubstr("9.99"));
    EXPECT_THAT(line.error().hint, HasSubstr("6.1, 6.12"));
    const auto label = plan_cases(some_cases(), {}, {"none"});
    ASSERT_FALSE(label);
    EXPECT_THAT(label.error().hint, HasSubstr("style"));
}

TEST(RegexOf, MatchesTheNamesAndNothingLikeThem)
{
    EXPECT_EQ(regex_of({{"boot-6.1", {}, {}, {}}, {"unit", {}, {}, {}}}), "^(boot-6[.]1|unit)$");
}

TEST(ReadCases, TakesWhatTheRunnerNeedsFromCtestsList)
{
    const auto cases = read_cases(R"({"tests": [{"name": "a", "command": ["x", "--seconds", "30", "boot"],
        "properties": [{"name": "LABELS", "value": ["kernel", "line-6.1"]}, {"name": "TIMEOUT", "value": 90.0},
                       {"name": "FIXTURES_REQUIRED", "value": ["k"]}, {"name": "FIXTURES_SETUP", "value": ["b"]}]}]})");
    ASSERT_TRUE(cases);
    const auto &one = cases->at(0);
    EXPECT_EQ(one.name, "a");
    EXPECT_EQ(one.line(), "6.1");
    EXPECT_THAT(one.needs, ElementsAre("k"));
    EXPECT_THAT(one.gives, ElementsAre("b"));
    EXPECT_EQ(one.limit, 90U);
    EXPECT_EQ(one.estimate, 30U);
    EXPECT_FALSE(read_cases("{}"));
}

} // namespace
} // namespace krun
