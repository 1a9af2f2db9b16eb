// SPDX-License-Identifier: MIT
// What is proven for exactly the same inputs is not run again, and nothing else is believed.
#include "cases/case.hpp"

#include <fstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"

namespace krun
{
namespace
{

class UnlessProven : public testing::Test
{
  protected:
    CaseResult run(const std::string &input, bool again = false)
    {
        one.again = again;
        const auto result = unless_proven(one, CaseInputs().add(input), [&]() -> Result<CaseResult> {
            ++runs;
            return outcome;
        });
        EXPECT_TRUE(result) << result.error().message;
        return result.value_or(CaseResult());
    }
    UnlessProven() { outcome.tally.pass(); }
    SystemProcessRunner runner; // for sha256sum
    FakeFilesystem files;
    Case one{{Env{runner, files}, "/log"}, "boot-6.12", "6.12", {}, std::chrono::seconds(60), "/results", "/programs"};
    CaseResult outcome;
    unsigned runs = 0;
};

TEST_F(UnlessProven, WhatPassedIsNotRunAgainAndSaysSo)
{
    outcome.facts["rate"] = "0.3";
    EXPECT_FALSE(run("kernel 1").proven_before);
    const auto second = run("kernel 1");
    EXPECT_EQ(runs, 1U);
    EXPECT_TRUE(second.proven_before);
    EXPECT_EQ(second.tally.passed, 1U);
    EXPECT_EQ(second.facts.at("rate"), "0.3");
}

TEST_F(UnlessProven, OtherInputsAreRunAndSoIsWhatIsAskedForAgain)
{
    run("kernel 1");
    EXPECT_FALSE(run("kernel 2").proven_before);
    EXPECT_FALSE(run("kernel 2", true).proven_before);
    EXPECT_EQ(runs, 3U);
}

TEST_F(UnlessProven, AFailureOrASkipIsNeverRemembered)
{
    outcome.tally.fail("x");
    run("kernel 1");
    run("kernel 1");
    outcome.tally = {};
    outcome.tally.pass();
    outcome.tally.skip("y");
    run("kernel 1");
    run("kernel 1");
    EXPECT_EQ(runs, 4U);
}

TEST_F(UnlessProven, ARecordThatCannotBeReadIsNone)
{
    run("kernel 1");
    for (auto &[path, text] : files.contents)
        text = text.substr(0, text.size() / 2);
    run("kernel 1");
    EXPECT_EQ(runs, 2U);
}

TEST_F(UnlessProven, WithoutTheTimeOnlyWhatIsProvenCounts)
{
    run("kernel 1");
    one.deadline = 1000;
    EXPECT_TRUE(run("kernel 1").proven_before);
    EXPECT_EQ(run("kernel 2").not_run, "for want of time");
    EXPECT_EQ(runs, 1U);
}

TEST(CaseInputs, AreTheBytesOfTheFilesAndNotTheirNamesAlone)
{
    SystemProcessRunner runner;
    const auto file = std::filesystem::temp_directory_path() / ("krun-inputs-" + std::to_string(getpid()));
    const auto digest = [&](const std::string &bytes) {
        std::ofstream(file) << bytes;
        return CaseInputs().add_file(file).digest(runner, file).value_or("");
    };
    const auto first = digest("a");
    EXPECT_NE(first, "");
    EXPECT_EQ(digest("a"), first);
    EXPECT_NE(digest("b"), first);
    std::filesystem::remove(file);
    EXPECT_FALSE(CaseInputs().add_file(file).digest(runner, file));
}

} // namespace
} // namespace krun
