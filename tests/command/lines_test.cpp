// SPDX-License-Identifier: MIT
// `krunctl lines`, with and without a network, and `krunctl test` when some lines are broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

class LinesTest : public testing::Test
{
  protected:
    nlohmann::json lines(std::vector<std::string> arguments = {})
    {
        arguments.insert(arguments.begin(), {"lines", "--json"});
        const auto result = sandbox.krunctl(std::move(arguments));
        EXPECT_EQ(result.status, 0) << result.errors;
        errors = result.errors;
        return nlohmann::json::parse(result.output);
    }
    void prove(const std::string &version)
    {
        write_text(sandbox.cache() / "proven/6.12.json",
                   R"({"version": ")" + version +
                       R"(", "release": "r", "date": "2026-07-30", "hooks": "h", "overlay": "o"})");
    }
    Sandbox sandbox;
    std::string errors;
};

TEST_F(LinesTest, TellsWhatTheArchiveHasAndWhatIsKnownToWork)
{
    const auto json = lines();
    ASSERT_EQ(json.size(), 1U);
    EXPECT_EQ(json[0]["line"], "6.12");
    EXPECT_EQ(json[0]["newest"], "6.12.1-1");
    EXPECT_EQ(json[0]["untried"], false);
    EXPECT_EQ(json[0]["tested"], "6.12.1");
    EXPECT_TRUE(json[0]["proven"].is_null());
    EXPECT_TRUE(json[0]["proven_date"].is_null());
    EXPECT_EQ(json[0]["hooks"], 1);
    EXPECT_EQ(json[0]["source"], "linux-source-6.12");
    EXPECT_EQ(json[0]["state"], "not fetched");
    const auto table = lines_of(sandbox.krunctl({"lines"}).output);
    ASSERT_GE(table.size(), 2U);
    EXPECT_THAT(words_of(table[0]),
                testing::ElementsAre("LINE", "NEWEST", "TESTED", "PROVEN", "HOOKS", "SOURCE", "STATE"));
    EXPECT_THAT(words_of(table[1]),
                testing::ElementsAre("6.12", "6.12.1-1", "6.12.1", "-", "1", "linux-source-6.12", "not", "fetched"));
}

TEST_F(LinesTest, AVersionThatNobodyHasTriedHasAStarUntilItIsProven)
{
    sandbox.publish("6.12.10-1~deb12u1"); // after 6.12.1 and 6.12.9 by numbers, not by characters
    prove("6.12.9-1");
    EXPECT_EQ(lines()[0]["untried"], true);
    EXPECT_THAT(sandbox.krunctl({"lines"}).output, HasSubstr("6.12.10-1~deb12u1 *"));
    prove("6.12.10-1~deb12u1");
    const auto json = lines();
    EXPECT_EQ(json[0]["untried"], false);
    EXPECT_EQ(json[0]["proven"], "6.12.10-1~deb12u1");
    EXPECT_EQ(json[0]["proven_date"], "2026-07-30");
    EXPECT_THAT(sandbox.krunctl({"lines"}).output, Not(HasSubstr("*")));
}

TEST_F(LinesTest, OfflineAsksNothingOfTheNetworkAndWritesNothing)
{
    EXPECT_TRUE(lines({"--offline"})[0]["newest"].is_null());
    EXPECT_THAT(errors, HasSubstr("note: the newest version of linux-source-6.12 is not known"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
}

TEST_F(LinesTest, OfflineTellsWhatWasKnownEarlier)
{
    lines();
    sandbox.publish("6.12.2-1");
    write_text(sandbox.cache() / "apt/deb-bookworm-security/updated", "1000\n");
    EXPECT_EQ(lines({"--offline"})[0]["newest"], "6.12.1-1");
    EXPECT_EQ(lines()[0]["newest"], "6.12.2-1");
}

TEST_F(LinesTest, AnArchiveThatCannotBeReachedIsANoteAndNoError)
{
    sandbox.cut_network();
    EXPECT_TRUE(lines()[0]["newest"].is_null());
    EXPECT_THAT(errors, HasSubstr("note: 6.12: cannot update the index of the Debian archive"));
    EXPECT_THAT(sandbox.krunctl({"lines", "--offline"}).output, HasSubstr("unknown"));
}

TEST_F(LinesTest, HooksWithoutASeriesAreAnError)
{
    std::filesystem::remove(sandbox.data() / "kernel/lines/6.12/hooks/series");
    const auto result = sandbox.krunctl({"lines", "--offline"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("series"));
}

// The sandbox's kernel compiles, but there is no checkpatch in it, and nothing that a machine could boot.
class TestOfLines : public LinesTest
{
  protected:
    TestOfLines()
    {
        const auto lines = sandbox.data() / "kernel/lines";
        std::filesystem::copy(lines / "6.12", lines / "6.13", std::filesystem::copy_options::recursive);
        write_text(lines / "6.13/hooks/build.patch",
                   "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n mainmenu \"tiny\"\n-config OTHER\n+config NEW\n");
    }
    [[nodiscard]] nlohmann::json statuses() const
    {
        return nlohmann::json::parse(read_text(sandbox.cache() / "logs/lines.json"));
    }
};

TEST_F(TestOfLines, ALineThatFailsDoesNotKeepTheOthersFromRunning)
{
    std::filesystem::copy(sandbox.data() / "kernel/lines/6.12", sandbox.data() / "kernel/lines/6.14",
                          std::filesystem::copy_options::recursive);
    const auto result = sandbox.krunctl({"test", "--tier", "style"});
    EXPECT_EQ(result.status, 1) << result.errors;
    const auto json = statuses();
    ASSERT_EQ(json.size(), 3U);
    for (const auto at : {0U, 2U})
        for (const auto *stage : {"apply", "configure", "build"})
            EXPECT_EQ(json[at][stage], "ok") << json[at]["line"] << " " << stage;
    EXPECT_EQ(json[1]["line"], "6.13");
    EXPECT_EQ(json[1]["build"], "-");
    EXPECT_EQ(json[0]["version"], "6.12.1-1");
    EXPECT_EQ(json[0]["boot"], "-");
    EXPECT_THAT(result.output, HasSubstr("FAILED: 6.13: "));
    EXPECT_THAT(result.output, HasSubstr("the hook build.patch does not apply"));
}

TEST_F(TestOfLines, TheTableComesBeforeTheClosingLine)
{
    const auto result = sandbox.krunctl({"test", "--tier", "style"});
    const auto all = lines_of(result.output);
    ASSERT_GE(all.size(), 5U);
    EXPECT_THAT(all.back(), testing::ContainsRegex("^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$"));
    EXPECT_EQ(all[all.size() - 2], "");
    EXPECT_THAT(words_of(all[all.size() - 5]), testing::ElementsAre("LINE", "VERSION", "apply", "configure", "build",
                                                                    "boot", "selftests", "tickless"));
    EXPECT_THAT(words_of(all[all.size() - 4]),
                testing::ElementsAre("6.12", "6.12.1-1", "ok", "ok", "ok", "-", "-", "-"));
    EXPECT_THAT(all[all.size() - 3], testing::StartsWith("6.13  6.12.1-1"));
}

TEST_F(TestOfLines, AChosenLineRunsAloneAndATierThatNeedsNoKernelHasNoTable)
{
    const auto one = sandbox.krunctl({"test", "--tier", "style", "--line", "6.12"});
    ASSERT_EQ(statuses().size(), 1U);
    EXPECT_THAT(one.output, HasSubstr("tier style 6.12: "));
    EXPECT_THAT(one.output, Not(HasSubstr("6.13")));
    std::filesystem::remove(sandbox.cache() / "logs/lines.json");
    EXPECT_THAT(sandbox.krunctl({"test", "--tier", "model"}).output, Not(HasSubstr("VERSION")));
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache() / "logs/lines.json"));
}

TEST_F(TestOfLines, AKernelThatDoesNotBootIsNoProofAndLeavesTheEarlierOne)
{
    prove("6.12.0-1");
    const auto result = sandbox.krunctl({"test", "--tier", "kernel"});
    EXPECT_EQ(result.status, 1);
    const auto json = statuses();
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0]["build"], "ok");
    EXPECT_EQ(json[0]["boot"], "FAIL");
    EXPECT_EQ(json[0]["selftests"], "-");
    EXPECT_THAT(result.output, HasSubstr("FAILED: 6.12: boot: "));
    EXPECT_EQ(lines({"--offline"})[0]["proven"], "6.12.0-1");
}

TEST_F(TestOfLines, HooksOfSixtyChangedLinesAreTooMany)
{
    std::string added;
    for (int number = 0; number < 59; ++number)
        added += "+new\n";
    const auto patch = sandbox.data() / "kernel/lines/6.13/hooks/build.patch";
    write_text(patch, "--- a/f\n+++ b/f\n@@ -0,0 +1,59 @@\n" + added);
    EXPECT_THAT(sandbox.krunctl({"test", "--tier", "style"}).output, Not(HasSubstr("size of the hooks")));
    write_text(patch, "--- a/f\n+++ b/f\n@@ -0,0 +1,60 @@\n" + added + "+new\n");
    EXPECT_THAT(sandbox.krunctl({"test", "--tier", "style"}).output,
                HasSubstr("FAILED: size of the hooks of 6.13: 60 changed lines, less than 60 allowed"));
}

} // namespace
} // namespace krun
