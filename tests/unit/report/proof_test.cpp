// SPDX-License-Identifier: MIT
#include "report/line_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "runner/proof_record.hpp"

namespace krun
{
namespace
{

const std::filesystem::path file = "/c/proven/6.12.json";
const Proof proof = {"6.12.117-1", "6.12.117.krun.abc", "2026-07-30", "h", "o"};

class ProofTest : public testing::Test
{
  protected:
    FakeFilesystem files;
};

TEST_F(ProofTest, WhatIsWrittenIsReadAgain)
{
    ASSERT_TRUE(write_proof(files, file, proof));
    const auto read = read_proof(files, file);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->version, proof.version);
    EXPECT_EQ(read->release, proof.release);
    EXPECT_EQ(read->date, proof.date);
    EXPECT_EQ(read->hooks, proof.hooks);
    EXPECT_EQ(read->overlay, proof.overlay);
}

TEST_F(ProofTest, AProofThatCannotBeWrittenIsAnErrorAndLeavesTheOlderOne)
{
    ASSERT_TRUE(write_proof(files, file, proof));
    files.unwritable.insert(file);
    auto newer = proof;
    newer.version = "6.12.118-1";
    EXPECT_FALSE(write_proof(files, file, newer));
    EXPECT_EQ(read_proof(files, file)->version, proof.version);
}

TEST_F(ProofTest, NoneIsReadFromAMissingOrDamagedFile)
{
    EXPECT_FALSE(read_proof(files, file));
    for (const auto *text : {"", "[]", "{\"version\": \"1\"}", "{\"version\": 1}", "{\"version\""}) {
        files.add(file, text);
        EXPECT_FALSE(read_proof(files, file)) << text;
    }
}

TEST(DateOfToday, IsYearMonthDay) { EXPECT_THAT(date_of_today(), testing::MatchesRegex("20..-..-..")); }

TEST(UpstreamVersion, LosesEpochAndDebiansRevisionAndNothingElse)
{
    EXPECT_EQ(upstream_version("6.12.117-1~deb12u1"), "6.12.117");
    EXPECT_EQ(upstream_version("6.12.117-1"), "6.12.117");
    EXPECT_EQ(upstream_version("1:6.12.117-1+b2"), "6.12.117");
    EXPECT_EQ(upstream_version("7.3~rc5-1~exp1"), "7.3~rc5");
    EXPECT_EQ(upstream_version("6.12.117"), "6.12.117");
}

// With a dpkg that knows only what each test tells it; that the real one is asked rightly shows tests/command.
class UntriedTest : public testing::Test
{
  protected:
    void greater(const std::string &left, const std::string &right)
    {
        runner.on({"dpkg", "--compare-versions", left, "gt", right}, 0);
    }
    UntriedTest() { runner.on({"dpkg", "--compare-versions"}, 1); }
    [[nodiscard]] bool untried(const std::string &newest, const std::string &tested, const std::string &proven)
    {
        return is_untried(runner, newest, tested, proven).value();
    }
    FakeProcessRunner runner;
};

TEST_F(UntriedTest, ARebuildOfATestedVersionIsTried)
{
    greater("6.12.117-1~deb12u1", "6.12.117"); // what must not be asked
    EXPECT_FALSE(untried("6.12.117-1~deb12u1", "6.12.117", ""));
}

TEST_F(UntriedTest, AVersionNewerThanTestedAndProvenIsNot)
{
    greater("6.12.118", "6.12.117");
    EXPECT_TRUE(untried("6.12.118-1", "6.12.117", ""));
    EXPECT_FALSE(untried("6.12.118-1", "6.12.117", "6.12.118-1"));
    greater("6.12.118-1", "6.12.110-1");
    EXPECT_TRUE(untried("6.12.118-1", "6.12.117", "6.12.110-1"));
}

TEST_F(UntriedTest, WithoutATestedVersionTheProvenOneDecides)
{
    EXPECT_TRUE(untried("6.12.118-1", "", ""));
    EXPECT_FALSE(untried("6.12.118-1", "", "6.12.118-1"));
}

TEST_F(UntriedTest, OfAnUnknownVersionNothingIsSaid)
{
    EXPECT_FALSE(untried("", "", ""));
    EXPECT_TRUE(runner.commands.empty());
}

TEST_F(UntriedTest, ADpkgThatCannotBeStartedIsAnError)
{
    runner.on({"dpkg"}, [](const Command &) -> Result<ProcessResult> { return failure("no dpkg"); });
    runner.on({"dpkg", "--compare-versions"},
              [](const Command &) -> Result<ProcessResult> { return failure("no dpkg"); });
    EXPECT_FALSE(is_untried(runner, "6.12.118-1", "6.12.117", ""));
}

} // namespace
} // namespace krun
