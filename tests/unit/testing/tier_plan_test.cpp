// SPDX-License-Identifier: MIT
#include "testing/tier_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{

void PrintTo(const TierStep &step, std::ostream *stream) { *stream << step.name(); }

namespace
{

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<KernelLine> known_lines()
{
    std::vector<KernelLine> lines(3);
    lines[0].name = "5.10";
    lines[1].name = "6.12";
    lines[2].name = "7.3";
    return lines;
}

std::vector<std::string> chosen(const std::vector<std::string> &wanted)
{
    std::vector<std::string> names;
    const auto lines = choose_lines(known_lines(), wanted).value();
    for (const auto &line : lines)
        names.push_back(line.name);
    return names;
}

std::vector<std::string> steps(const std::vector<std::string> &lines, const std::vector<std::string> &tiers)
{
    std::vector<std::string> names;
    for (const auto &step : plan_tiers(lines, tiers))
        names.push_back(step.name());
    return names;
}

TEST(ChooseLines, AllWhenNoneIsNamed) { EXPECT_THAT(chosen({}), ElementsAre("5.10", "6.12", "7.3")); }

TEST(ChooseLines, TheNamedOnesOldestFirstAndEachOnce)
{
    EXPECT_THAT(chosen({"7.3", "5.10", "7.3"}), ElementsAre("5.10", "7.3"));
}

TEST(ChooseLines, AnUnknownNameIsWrongUsageAndTheHintHasTheKnownOnes)
{
    const auto lines = choose_lines(known_lines(), {"6.12", "9.99"});
    ASSERT_FALSE(lines);
    EXPECT_EQ(lines.error().code, ExitCode::usage);
    EXPECT_THAT(lines.error().message, HasSubstr("9.99"));
    EXPECT_THAT(lines.error().hint, HasSubstr("5.10, 6.12, 7.3"));
}

TEST(PlanTiers, WhatNeedsNoKernelComesFirstAndEveryLinesStyleBeforeItsGuests)
{
    EXPECT_THAT(steps({"5.10", "6.12"}, {}),
                ElementsAre("unit", "command", "model", "style", "package", "style 5.10", "style 6.12", "kernel 5.10",
                            "kernel 6.12", "machine 6.12", "install", "fuzz 6.12"));
}

TEST(PlanTiers, OnlyTheChosenTiersInTheUsualOrder)
{
    EXPECT_THAT(steps({"5.10", "6.12"}, {"kernel", "unit"}), ElementsAre("unit", "kernel 5.10", "kernel 6.12"));
    EXPECT_THAT(steps({"6.12"}, {"style"}), ElementsAre("style", "style 6.12"));
}

TEST(PlanTiers, TheMachineTierRunsOnceWithTheUsualLineOrElseTheNewest)
{
    EXPECT_THAT(plan_tiers({"5.10", "6.12", "7.3"}, {"machine"}), ElementsAre(TierStep{"machine", "6.12"}));
    EXPECT_THAT(plan_tiers({"5.10", "7.3"}, {"machine"}), ElementsAre(TierStep{"machine", "7.3"}));
    EXPECT_THAT(plan_tiers({}, {"machine"}), IsEmpty());
}

TEST(PlanTiers, AllScenariosOnADiskAreForThoseWhoAskForThem)
{
    EXPECT_THAT(steps({"6.12"}, {"e2e"}), ElementsAre("e2e"));
    EXPECT_THAT(steps({"6.12"}, {"e2e", "unit"}), ElementsAre("unit", "e2e"));
}

TEST(PlanTiers, TheFuzzerIsOnEveryLineForThoseWhoAskForIt)
{
    EXPECT_THAT(steps({"5.10", "6.12"}, {"fuzz"}), ElementsAre("fuzz 5.10", "fuzz 6.12"));
}

TEST(PlanTiers, RacesAreLookedForOnlyWhenAskedFor)
{
    EXPECT_THAT(steps({"5.10", "6.12"}, {"race"}), ElementsAre("race 5.10", "race 6.12"));
    EXPECT_THAT(steps({"6.12"}, {}), Not(Contains("race 6.12")));
}

TEST(LatestStart, OnlyTheLongLastTiersGiveWayAndInTheirOrder)
{
    std::chrono::minutes earlier{0};
    for (const TierStep &step : plan_tiers({"6.12"}, {})) {
        const auto latest = latest_start(step.tier);
        EXPECT_EQ(latest.has_value(), step.tier == "install" || step.tier == "fuzz") << step.name();
        if (latest) {
            EXPECT_GT(*latest, earlier) << step.name();
            EXPECT_LT(*latest, std::chrono::minutes{80}) << step.name();
            earlier = *latest;
        }
    }
}

TEST(TiersWithoutClone, AreTheKernelsAlone)
{
    EXPECT_THAT(tiers_without_clone({}).value(), ElementsAre("kernel"));
    EXPECT_THAT(tiers_without_clone({"kernel"}).value(), ElementsAre("kernel"));
}

TEST(TiersWithoutClone, AnotherOneIsToldWhereItWouldRun)
{
    const auto tiers = tiers_without_clone({"kernel", "style"});
    ASSERT_FALSE(tiers);
    EXPECT_EQ(tiers.error().code, ExitCode::host_lacks);
    EXPECT_THAT(tiers.error().message, HasSubstr("style"));
    EXPECT_THAT(tiers.error().hint, HasSubstr("./krun test"));
}

TEST(PlanTiers, EveryTierThatCanBeChosenDoesSomething)
{
    for (const auto &name : tier_names())
        EXPECT_FALSE(plan_tiers({"6.12"}, {name}).empty()) << name;
}

} // namespace
} // namespace krun
