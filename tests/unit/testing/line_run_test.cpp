// SPDX-License-Identifier: MIT
// A line's way through a test run, with builds and guests that only pretend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "report/check_report.hpp"
#include "testing/line_run.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char *release = "6.12.117.krun.abc";

GuestRun guest(const std::string &output, int status = 0)
{
    GuestRun run;
    run.output = output;
    run.status = status;
    return run;
}

GuestRun check(CheckStatus status, const std::string &detail)
{
    return guest(check_json(release, {{"tickless", "t", status, detail, ""}}).dump());
}

Tally passed_tests()
{
    Tally tally;
    tally.pass();
    return tally;
}

class LineRunTest : public testing::Test
{
  protected:
    LineRunTest()
    {
        for (const auto *name : {"vmlinuz", "config", "System.map"})
            files.add(std::filesystem::path("/k") / name, "");
        files.add("/k/metadata.json",
                  R"({"hooks": "h", "overlay": "o", "source": {"package": "p", "version": "6.12.117-1"}})");
    }
    static KernelLine line()
    {
        KernelLine line;
        line.name = "6.12";
        return line;
    }
    Result<BuiltKernel> build(const BuildRequest &request)
    {
        ++builds;
        requested = request.line.value_or("");
        for (const BuildStage stage : told)
            request.on_stage(stage);
        if (!error.message.empty())
            return tl::unexpected(error);
        BuiltKernel kernel;
        kernel.folder = "/k";
        kernel.release = release;
        return kernel;
    }
    void fail_at(std::vector<BuildStage> stages)
    {
        told = std::move(stages);
        error.message = "broken";
        error.log = "/log";
        ASSERT_TRUE(run.kernel(tally));
    }
    void go_all_the_way()
    {
        ASSERT_TRUE(run.kernel(tally));
        run.judge_boot(guest(std::string(release) + "\n"), tally);
        run.judge_selftests(passed_tests(), tally);
        run.judge_tickless(check(CheckStatus::pass, "0.3 interrupts"), tally);
    }
    [[nodiscard]] std::vector<Outcome> outcomes() const
    {
        std::vector<Outcome> all;
        for (const LineStage &stage : line_stages())
            all.push_back(run.status().*stage.outcome);
        return all;
    }

    FakeFilesystem files;
    std::vector<BuildStage> told = {BuildStage::fetch, BuildStage::apply, BuildStage::configure, BuildStage::compile};
    Error error;
    unsigned builds = 0;
    std::string requested;
    Tally tally;
    LineRun run{files, line(), [this](const BuildRequest &request) { return build(request); }};
};

constexpr Outcome ok = Outcome::ok;
constexpr Outcome bad = Outcome::failed;
constexpr Outcome none = Outcome::not_reached;

TEST_F(LineRunTest, TheKernelIsBuiltOnceAndItsStagesCountOnce)
{
    EXPECT_FALSE(run.is_wanted());
    for (int tier = 0; tier < 3; ++tier) {
        const auto kernel = run.kernel(tally);
        ASSERT_TRUE(kernel);
        ASSERT_NE(*kernel, nullptr);
        EXPECT_EQ((*kernel)->release, release);
    }
    EXPECT_EQ(builds, 1U);
    EXPECT_EQ(requested, "6.12");
    EXPECT_EQ(summary(tally), "3 passed, 0 failed");
    EXPECT_THAT(outcomes(), ElementsAre(ok, ok, ok, none, none, none));
    EXPECT_EQ(run.status().version, "6.12.117-1");
    EXPECT_TRUE(run.is_wanted());
    EXPECT_FALSE(run.is_hopeless());
}

TEST_F(LineRunTest, AKernelThatIsUpToDateHasGoneThroughAllStagesOfABuild)
{
    told = {};
    ASSERT_TRUE(run.kernel(tally));
    EXPECT_THAT(outcomes(), ElementsAre(ok, ok, ok, none, none, none));
}

TEST_F(LineRunTest, AHookThatDoesNotApplyIsTheStageApply)
{
    fail_at({BuildStage::fetch, BuildStage::apply});
    EXPECT_THAT(outcomes(), ElementsAre(bad, none, none, none, none, none));
    EXPECT_THAT(tally.failures, ElementsAre("apply: broken (log: /log)"));
    EXPECT_EQ(tally.passed, 0U);
}

TEST_F(LineRunTest, AConfigurationThatCannotBeIsTheStageConfigure)
{
    fail_at({BuildStage::fetch, BuildStage::apply, BuildStage::configure});
    EXPECT_THAT(outcomes(), ElementsAre(ok, bad, none, none, none, none));
    EXPECT_EQ(summary(tally), "1 passed, 1 failed");
}

TEST_F(LineRunTest, ACompileErrorIsTheStageBuild)
{
    fail_at({BuildStage::fetch, BuildStage::apply, BuildStage::configure, BuildStage::compile});
    EXPECT_THAT(outcomes(), ElementsAre(ok, ok, bad, none, none, none));
    EXPECT_EQ(summary(tally), "2 passed, 1 failed");
}

TEST_F(LineRunTest, WhatGoesWrongBeforeTheSourceIsThereIsAFailureOfNoStage)
{
    fail_at({BuildStage::fetch});
    EXPECT_THAT(outcomes(), ElementsAre(none, none, none, none, none, none));
    EXPECT_THAT(tally.failures, ElementsAre("fetch: broken (log: /log)"));
}

TEST_F(LineRunTest, WhatGoesWrongBeforeAnyStageIsAFailureToo)
{
    fail_at({});
    EXPECT_THAT(tally.failures, ElementsAre("fetch: broken (log: /log)"));
}

TEST_F(LineRunTest, AFailedBuildIsNotTriedAgainNorCountedAgain)
{
    fail_at({BuildStage::fetch});
    EXPECT_EQ(run.kernel(tally).value(), nullptr);
    EXPECT_TRUE(run.is_hopeless());
    EXPECT_EQ(builds, 1U);
    EXPECT_EQ(tally.failed, 1U);
}

TEST_F(LineRunTest, AnInterruptedBuildIsAnErrorAndNoFailure)
{
    error = {ExitCode::interrupted, "interrupted", "", ""};
    const auto kernel = run.kernel(tally);
    ASSERT_FALSE(kernel);
    EXPECT_EQ(kernel.error().code, ExitCode::interrupted);
    EXPECT_EQ(tally.failed, 0U);
    EXPECT_FALSE(run.is_hopeless());
}

TEST_F(LineRunTest, AGuestThatIsAnotherKernelHasNotBooted)
{
    ASSERT_TRUE(run.kernel(tally));
    run.judge_boot(guest("6.1.0-30-amd64\n"), tally);
    EXPECT_EQ(run.status().boot, bad);
    EXPECT_THAT(tally.failures.back(), HasSubstr("6.1.0-30-amd64"));
}

TEST_F(LineRunTest, AGuestThatDidNotComeUpOrComplainedHasNotBooted)
{
    ASSERT_TRUE(run.kernel(tally));
    run.judge_boot(failure("the guest was silent"), tally);
    EXPECT_EQ(run.status().boot, bad);
    EXPECT_THAT(tally.failures.back(), HasSubstr("boot: the guest was silent"));
    run.judge_boot(guest(std::string(release) + "\n", 127), tally);
    EXPECT_EQ(run.status().boot, bad);
    auto complaining = guest(std::string(release) + "\n");
    complaining.kernel_problems = {"WARNING: at kernel/sys.c"};
    run.judge_boot(complaining, tally);
    EXPECT_EQ(run.status().boot, bad);
    EXPECT_THAT(tally.failures.back(), HasSubstr("WARNING: at kernel/sys.c"));
}

TEST_F(LineRunTest, SelftestsAreOkWhenSomePassedAndNoneFailed)
{
    run.judge_selftests(passed_tests(), tally);
    EXPECT_EQ(run.status().selftests, ok);
    auto one_failed = passed_tests();
    one_failed.fail("abi_test: 3");
    Tally all_skipped;
    all_skipped.skip("all");
    for (const Result<Tally> &selftests :
         {Result<Tally>(one_failed), Result<Tally>(all_skipped), Result<Tally>(failure("they do not compile"))}) {
        run.judge_selftests(selftests, tally);
        EXPECT_EQ(run.status().selftests, bad);
    }
    EXPECT_EQ(tally.failed, 3U);
}

TEST_F(LineRunTest, TheRateIsKeptWhetherItIsGoodOrNot)
{
    run.judge_tickless(check(CheckStatus::pass, "0.3 local-timer interrupts a second"), tally);
    EXPECT_EQ(run.status().tickless, ok);
    EXPECT_EQ(run.status().rate, "0.3");
    run.judge_tickless(check(CheckStatus::fail, "1000.7 local-timer interrupts a second"), tally);
    EXPECT_EQ(run.status().tickless, bad);
    EXPECT_EQ(run.status().rate, "1000.7");
}

TEST_F(LineRunTest, WithoutAMeasurementALineIsNotTickless)
{
    for (const Result<GuestRun> &run_of_check :
         {Result<GuestRun>(check(CheckStatus::skip, "/proc/interrupts has no line LOC")),
          Result<GuestRun>(guest("Segmentation fault\n", 139)), Result<GuestRun>(failure("the guest was silent"))}) {
        run.judge_tickless(run_of_check, tally);
        EXPECT_EQ(run.status().tickless, bad);
        EXPECT_EQ(run.status().rate, "");
    }
    EXPECT_EQ(tally.failed, 3U);
}

TEST_F(LineRunTest, ALineThatCameAllTheWayIsProven)
{
    go_all_the_way();
    EXPECT_EQ(summary(tally), "6 passed, 0 failed");
    const auto proof = run.proof("2026-07-30");
    ASSERT_TRUE(proof);
    EXPECT_EQ(proof->version, "6.12.117-1");
    EXPECT_EQ(proof->release, release);
    EXPECT_EQ(proof->date, "2026-07-30");
    EXPECT_EQ(proof->hooks, "h");
    EXPECT_EQ(proof->overlay, "o");
}

TEST_F(LineRunTest, ALineWithAFailedOrUnreachedStageIsNotProven)
{
    ASSERT_TRUE(run.kernel(tally));
    EXPECT_FALSE(run.proof("2026-07-30"));
    go_all_the_way();
    run.judge_selftests(failure("late"), tally);
    EXPECT_FALSE(run.proof("2026-07-30"));
    EXPECT_THAT(tally.failures, ElementsAre("selftests: late"));
}

} // namespace
} // namespace krun
