// SPDX-License-Identifier: MIT
// Builds and guests that only pretend, and what they say of a kernel line.
#include "cases/line_judges.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/check_report.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr const char *release_of_guest = "6.12.117.krun.abc";

GuestRun guest_that_printed(const std::string &output, int status = 0)
{
    GuestRun run;
    run.output = output;
    run.status = status;
    return run;
}

GuestRun tickless_check(CheckStatus status, const std::string &detail)
{
    return guest_that_printed(
        check_json(release_of_guest, KrunWorld::patched, {{"tickless", "t", status, detail, ""}}).dump());
}

Result<BuiltKernel> broken_build() { return failure("broken", "", "/log"); }

TEST(JudgeBuild, AKernelHasGoneThroughAllStagesAlsoWhenItWasUpToDate)
{
    const auto result = judge_build(BuiltKernel{}, std::nullopt);
    EXPECT_THAT(result.stages, ElementsAre(Pair("apply", true), Pair("build", true), Pair("configure", true)));
    EXPECT_EQ(result.tally.passed, 3U);
}

TEST(JudgeBuild, AnErrorBelongsToTheStageThatWasToldLast)
{
    const auto apply = judge_build(broken_build(), BuildStage::apply);
    EXPECT_THAT(apply.stages, ElementsAre(Pair("apply", false)));
    EXPECT_THAT(apply.tally.failures, ElementsAre("apply: broken (log: /log)"));
    const auto configure = judge_build(broken_build(), BuildStage::configure);
    EXPECT_THAT(configure.stages, ElementsAre(Pair("apply", true), Pair("configure", false)));
    const auto compile = judge_build(broken_build(), BuildStage::compile);
    EXPECT_EQ(summary(compile.tally), "2 passed, 1 failed");
    const auto package = judge_build(broken_build(), BuildStage::package);
    EXPECT_THAT(package.tally.failures, ElementsAre("package: broken (log: /log)"));
}

CaseResult judged_hooks(const std::string &json, bool is_line = true)
{
    auto result = judge_build(BuiltKernel{}, std::nullopt);
    judge_hooks(nlohmann::ordered_json::parse(json), is_line, result);
    return result;
}

TEST(JudgeHooks, EachMustBePlacedWithoutFuzzOrNotBeNeeded)
{
    const auto result = judged_hooks(R"([{"hook": "a", "result": "placed", "variant": "5.8", "fuzz": 0},
                                         {"hook": "b", "result": "not needed", "reason": "it is quiet"}])");
    EXPECT_EQ(result.tally.failed, 0U);
    EXPECT_EQ(result.tally.passed, 4U);
    EXPECT_TRUE(result.stages.at("apply"));
}

TEST(JudgeHooks, FuzzIsAFailureOfTheStageThatAppliesThem)
{
    const auto result = judged_hooks(R"([{"hook": "a", "result": "placed", "variant": "5.8", "fuzz": 1},
                                         {"hook": "b", "result": "placed", "variant": "5.8", "fuzz": 0}])");
    EXPECT_THAT(result.tally.failures, ElementsAre("apply: the hook a, of Linux 5.8, fits with fuzz 1"));
    EXPECT_FALSE(result.stages.at("apply"));
    EXPECT_TRUE(result.stages.at("build"));
}

TEST(JudgeHooks, AnOptionalHookMayNotBeMissingEither)
{
    const auto result = judged_hooks(
        R"([{"hook": "a", "required": false, "result": "missing", "variant": "5.8", "reason": "hunk 1 has no place"}])");
    EXPECT_THAT(result.tally.failures, ElementsAre("apply: the hook a is missing: hunk 1 has no place"));
    EXPECT_FALSE(result.stages.at("apply"));
}

TEST(JudgeHooks, WhatAPersonsOwnSourceLacksIsNamed)
{
    const auto result = judged_hooks(
        R"([{"hook": "a", "required": false, "result": "missing", "variant": "5.8", "reason": "hunk 1 has no place"},
            {"hook": "b", "result": "placed", "variant": "5.8", "fuzz": 1}])",
        false);
    EXPECT_THAT(result.tally.skips, ElementsAre("the hook a is missing: hunk 1 has no place",
                                                "the hook b, of Linux 5.8, fits with fuzz 1"));
    EXPECT_EQ(result.tally.failed, 0U);
    EXPECT_TRUE(result.stages.at("apply"));
    EXPECT_FALSE(judged_hooks("[]", false).stages.at("apply"));
}

TEST(JudgeHooks, AKernelWithoutARecordIsNoSuccess)
{
    for (const auto *json : {"[]", R"([{"hook": "a"}])", R"([{"hook": "a", "result": "placed"}])"})
        EXPECT_FALSE(judged_hooks(json).stages.at("apply")) << json;
}

TEST(JudgeBuild, WithoutTheSourceNoStageIsReached)
{
    for (const auto last : {std::optional<BuildStage>(), std::optional(BuildStage::fetch)}) {
        const auto result = judge_build(broken_build(), last);
        EXPECT_THAT(result.stages, IsEmpty());
        EXPECT_THAT(result.tally.failures, ElementsAre("fetch: broken (log: /log)"));
    }
}

TEST(JudgeBoot, AGuestThatIsAnotherKernelOrComplainsOrIsSilentHasNotBooted)
{
    const std::string right = std::string(release_of_guest) + "\n";
    EXPECT_TRUE(judge_boot(guest_that_printed(right), release_of_guest).stages.at("boot"));
    auto complaining = guest_that_printed(right);
    complaining.kernel_problems = {"WARNING: at kernel/sys.c"};
    for (const auto &[run, why] :
         {std::pair<Result<GuestRun>, std::string>{guest_that_printed("6.1.0-30-amd64\n"), "6.1.0-30-amd64"},
          {guest_that_printed(right, 127), "status 127"},
          {complaining, "WARNING: at kernel/sys.c"},
          {failure("the guest was silent"), "boot: the guest was silent"}}) {
        const auto result = judge_boot(run, release_of_guest);
        EXPECT_FALSE(result.stages.at("boot"));
        EXPECT_THAT(result.tally.failures, ElementsAre(HasSubstr(why)));
    }
}

TEST(JudgeSelftest, AGuestThatHungOrDiedIsAFailureOfTheTestByName)
{
    const auto hung = judge_selftest("abi_test", failure("the guest did not end within 300 s"));
    EXPECT_THAT(hung.tally.failures, ElementsAre("abi_test: the guest did not end within 300 s"));
    EXPECT_FALSE(hung.stages.at("selftests"));
    Tally good;
    good.pass();
    good.skip("no such CPU");
    EXPECT_TRUE(judge_selftest("abi_test", good).stages.at("selftests"));
    good.fail("3");
    EXPECT_FALSE(judge_selftest("abi_test", good).stages.at("selftests"));
}

TEST(JudgeCheck, TheRateIsKeptWhetherItIsGoodOrNot)
{
    const auto good = judge_check(tickless_check(CheckStatus::pass, "0.3 interrupts and preemptions a second"));
    EXPECT_TRUE(good.stages.at("tickless"));
    EXPECT_EQ(good.facts.at("rate"), "0.3");
    const auto bad = judge_check(tickless_check(CheckStatus::fail, "1000.7 interrupts and preemptions a second"));
    EXPECT_FALSE(bad.stages.at("tickless"));
    EXPECT_EQ(bad.facts.at("rate"), "1000.7");
}

TEST(JudgeCheck, WithoutAMeasurementALineIsNotTickless)
{
    for (const Result<GuestRun> &run :
         {Result<GuestRun>(tickless_check(CheckStatus::skip, "/proc/interrupts has no line LOC")),
          Result<GuestRun>(guest_that_printed("Segmentation fault\n", 139)),
          Result<GuestRun>(failure("the guest was silent"))}) {
        const auto result = judge_check(run);
        EXPECT_FALSE(result.stages.at("tickless"));
        EXPECT_GE(result.tally.failed, 1U);
    }
}

TEST(CostsAgree, ToTheLastInstructionButForPerf)
{
    const std::vector<WayCost> costs = {{"null", 343}, {"krun", {}}, {"perf-group", 1861}};
    EXPECT_TRUE(costs_agree(costs, costs));
    EXPECT_TRUE(costs_agree(costs, {{"null", 343}, {"krun", {}}, {"perf-group", 1859}}));
    EXPECT_FALSE(costs_agree(costs, {{"null", 343}, {"krun", {}}, {"perf-group", 1857}}));
    EXPECT_FALSE(costs_agree(costs, {{"null", 344}, {"krun", {}}, {"perf-group", 1861}}));
    EXPECT_FALSE(costs_agree(costs, {{"null", 343}, {"krun", 0}, {"perf-group", 1861}}));
    EXPECT_FALSE(costs_agree(costs, {{"null", 343}, {"krun", {}}}));
}

} // namespace
} // namespace krun
