// SPDX-License-Identifier: MIT
// `krunctl lines`, with and without a network.
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

} // namespace
} // namespace krun
