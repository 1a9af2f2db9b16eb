// SPDX-License-Identifier: MIT
// Wrong usage, help, and what must not happen without the person's word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::StartsWith;

class UsageTest : public testing::Test
{
  protected:
    // Wrong usage has one form, whatever is wrong.
    void expect_usage_error(const std::vector<std::string> &arguments, const std::string &word)
    {
        const auto result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, 2) << result.errors;
        EXPECT_THAT(result.errors, StartsWith("krunctl: error: "));
        EXPECT_THAT(result.errors, HasSubstr(word));
        EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
        EXPECT_EQ(result.output, "");
        EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
    }
    Sandbox sandbox;
};

TEST_F(UsageTest, WrongUsageIsStatusTwoWithAHint)
{
    expect_usage_error({}, "a command is missing");
    expect_usage_error({"build", "--no-such-option"}, "--no-such-option");
    expect_usage_error({"build", "--jobs", "0"}, "jobs");
    expect_usage_error({"build", "--jobs", "many"}, "jobs");
    expect_usage_error({"build", "--line", "9.99"}, "9.99");
    expect_usage_error({"build", "--config", "/none"}, "/none");
    expect_usage_error({"boot", "--line", "9.99", "--", "true"}, "9.99");
    expect_usage_error({"boot", "--turn", "50", "--", "true"}, "--icount");
    expect_usage_error({"boot", "--icount", "--turn", "0", "--", "true"}, "--turn");
    expect_usage_error({"demo", "--line", "9.99"}, "9.99");
    expect_usage_error({"demo", "--cpus", "1"}, "--cpus");
    expect_usage_error({"watch", "--interval", "0"}, "--interval");
    expect_usage_error({"watch", "--count", "-1"}, "--count");
    expect_usage_error({"watch", "--cpus", "0-"}, "\"0-\" is not a CPU list");
    expect_usage_error({"watch", "--cpus", ""}, "--cpus");
    expect_usage_error({"watch", "--cpus", "0,65536"}, "65536");
    expect_usage_error({"watch", "--way", "magic"}, "magic");
    expect_usage_error({"check", "please"}, "please");
    expect_usage_error({"lines", "6.12"}, "6.12");
}

TEST_F(UsageTest, ALocalVersionThatNamesCannotHoldIsRefused)
{
    expect_usage_error({"build", "--local-version", "a-b"}, "'-'");
    expect_usage_error({"build", "--local-version", ""}, "empty");
}

TEST_F(UsageTest, TheOutputMustNotBeAFile)
{
    write_text(sandbox.root() / "file", "mine");
    const auto result = sandbox.krunctl({"build", "--output", "file"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.errors, HasSubstr("not a folder"));
    EXPECT_EQ(read_text(sandbox.root() / "file"), "mine");
}

TEST_F(UsageTest, HelpAndVersionAreNoErrors)
{
    EXPECT_EQ(sandbox.krunctl({"--help"}).status, 0);
    const auto help = sandbox.krunctl({"build", "--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.output, HasSubstr("--dry-run"));
    EXPECT_THAT(sandbox.krunctl({"--version"}).output, StartsWith("krunctl 2."));
}

TEST_F(UsageTest, DryRunWorksWithoutNetworkAndChangesNothing)
{
    sandbox.cut_network();
    const auto result = sandbox.krunctl({"build", "--dry-run", "--output", "out"});
    EXPECT_EQ(result.status, 0) << result.errors;
    std::size_t at = 0;
    for (const auto *step : {"apt-get -q update", "download linux-source-6.12=NEWEST", "dpkg-deb -x", "tar -x",
                             "patch -p1", "tinyconfig", "merge_config.sh", "olddefconfig", "bzImage", "vmlinuz"}) {
        at = result.output.find(step, at);
        ASSERT_NE(at, std::string::npos) << step << " is missing or out of order in\n" << result.output;
    }
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
    EXPECT_FALSE(std::filesystem::exists(sandbox.root() / "out"));
}

} // namespace
} // namespace krun
