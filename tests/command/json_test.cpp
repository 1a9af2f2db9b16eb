// SPDX-License-Identifier: MIT
// --json: one object with the version of its schema, also when the command fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using nlohmann::json;
using testing::HasSubstr;

class JsonTest : public testing::Test
{
  protected:
    json object(const std::vector<std::string> &arguments, int status)
    {
        result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, status) << result.errors;
        auto all = json::parse(result.output, nullptr, false);
        EXPECT_TRUE(all.is_object()) << result.output;
        EXPECT_EQ(all.value("schema", 0), 1) << result.output;
        return all;
    }
    void expect_error(const std::vector<std::string> &arguments, int status, const std::string &kind)
    {
        const auto all = object(arguments, status);
        EXPECT_EQ(all.at("command"), arguments.front());
        EXPECT_EQ(all.at("exit_status"), status);
        const auto &error = all.at("error");
        EXPECT_EQ(error.at("kind"), kind);
        EXPECT_THAT(result.errors, HasSubstr("error: " + error.at("message").get<std::string>()));
        for (const auto *key : {"hint", "log"}) {
            if (!error.at(key).is_null()) {
                EXPECT_THAT(result.errors,
                            HasSubstr(std::string("\n") + key + ": " + error.at(key).get<std::string>()));
            }
        }
    }
    Sandbox sandbox;
    ProcessResult result;
};

TEST_F(JsonTest, HasItsSchemaFirst)
{
    object({"lines", "--offline", "--json"}, 0);
    EXPECT_THAT(result.output, testing::StartsWith("{\n  \"schema\": 1,\n  \"lines\": [\n"));
    object({"check", "--json", "header"}, 1);
    EXPECT_THAT(result.output, testing::StartsWith("{\n  \"schema\": 1,\n"));
    object({"build", "--json"}, 0);
    EXPECT_THAT(result.output, testing::StartsWith("{\n  \"schema\": 1,\n"));
}

TEST_F(JsonTest, IsAnErrorAlsoWhereNobodyHasForeseenIt)
{
    const auto failed = sandbox.run(
        {"sh", "-c", "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" build --source x --json", KRUNCTL});
    EXPECT_EQ(failed.status, 4) << failed.errors;
    EXPECT_EQ(json::parse(failed.output, nullptr, false).value("/error/kind"_json_pointer, ""), "failure")
        << failed.output;
}

TEST_F(JsonTest, IsAnErrorWithItsHintWhenTheCommandFails)
{
    sandbox.cut_network();
    expect_error({"build", "--json"}, 4, "failure");
    expect_error({"demo", "--json"}, 4, "failure");
    expect_error({"build", "--json", "--line", "9.99"}, 2, "usage");
    expect_error({"build", "--json", "--unverified"}, 2, "usage");
    EXPECT_THAT(result.errors, HasSubstr("--source"));
    EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
    expect_error({"lines", "--json", "/none"}, 2, "usage");
    expect_error({"port", "--json", "/none"}, 2, "usage");
    expect_error({"gate", "--json", "none.deb"}, 2, "usage");
    expect_error({"install", "--json"}, 2, "usage");
    expect_error({"publish", "--json", "--key", "me", "repository", "none.deb"}, 2, "usage");
    expect_error({"bench", "--json", "--cpu", "65000"}, 2, "usage");
}

TEST_F(JsonTest, IsAnErrorWithItsLogWhenAProgramFails)
{
    write_text(sandbox.root() / "bin/make", "#!/bin/sh\necho broken >&2\nexit 1\n");
    std::filesystem::permissions(sandbox.root() / "bin/make", std::filesystem::perms::owner_all);
    sandbox.environment["PATH"] = (sandbox.root() / "bin").string() + ":/usr/bin:/bin:/usr/sbin:/sbin";
    expect_error({"build", "--json"}, 4, "failure");
    EXPECT_FALSE(json::parse(result.output).at("error").at("log").is_null());
}

TEST_F(JsonTest, IsOneObjectAlsoWhenTheReportIsThereAndItsPageIsNot)
{
    expect_error({"bench", "--json", "--readings", "10", "--way", "tsc", "--html", "/dev/full"}, 4, "no-space");
    EXPECT_EQ(json::parse(result.output).at("ways").at(0).at("name"), "tsc");
}

TEST_F(JsonTest, OfWatchIsLinesAndSoIsItsError)
{
    expect_error({"watch", "--json", "--cpus", "65000"}, 2, "usage");
    EXPECT_EQ(lines_of(trim(result.output)).size(), 1U);
}

TEST_F(JsonTest, OfACommandThatStatCannotRunIsAnErrorWithTheStatus)
{
    expect_error({"stat", "--json", "--", "no-such-program"}, 127, "failure");
}

// The report's own stream or file keeps what it is for.
TEST_F(JsonTest, OfStatGoesToItsFileOnlyWhenThereIsAReport)
{
    write_text(sandbox.root() / "report", "earlier\n");
    expect_error({"stat", "--json", "--output", "report", "--pin", "x", "--", "true"}, 2, "usage");
    EXPECT_EQ(read_text(sandbox.root() / "report"), "earlier\n");
    const auto run = sandbox.krunctl({"stat", "--json", "--output", "report", "--", "echo", "own"});
    EXPECT_EQ(run.output, "own\n");
    EXPECT_EQ(json::parse(read_text(sandbox.root() / "report")).at("schema"), 1);
}

TEST_F(JsonTest, OfStatHasNoOtherFormat)
{
    expect_error({"stat", "--json", "--format", "rebench", "--", "touch", "ran"}, 2, "usage");
    EXPECT_FALSE(std::filesystem::exists(sandbox.root() / "ran"));
}

TEST_F(JsonTest, IsNotAskedForBehindTwoDashes)
{
    const auto run = sandbox.krunctl({"stat", "--pin", "x", "--", "prog", "--json"});
    EXPECT_EQ(run.status, 2);
    EXPECT_EQ(run.output, "");
}

} // namespace
} // namespace krun
