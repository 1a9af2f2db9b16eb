// SPDX-License-Identifier: MIT
// `krunctl check` on the machine that runs the tests, which has no Krun kernel as a rule. What it says on a good one is
// seen in the guest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class HostTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (access("/sys/class/misc/krun", F_OK) == 0)
            GTEST_SKIP() << "this machine runs a Krun kernel";
    }
    Sandbox sandbox;
};

TEST_F(HostTest, CheckOfAnotherKernelSaysNoAndWhatToDo)
{
    const auto result = sandbox.krunctl({"check"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.output, HasSubstr("missing  this is a Krun kernel"));
    EXPECT_THAT(result.output, HasSubstr("         -> boot the Krun kernel"));
    EXPECT_THAT(result.output, HasSubstr("NOT all good"));
}

TEST_F(HostTest, CheckAsJsonIsOneObjectWithEveryCheck)
{
    const auto result = sandbox.krunctl({"check", "--json"});
    EXPECT_EQ(result.status, 1);
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json.at("passed"), false);
    EXPECT_FALSE(json.at("kernel").get<std::string>().empty());
    std::vector<std::string> ids;
    for (const auto &check : json.at("checks")) {
        ids.push_back(check.at("id"));
        EXPECT_THAT(check.at("status").get<std::string>(),
                    testing::AnyOf("pass", "fail", "missing", "unknown", "skip"));
        EXPECT_TRUE(check.at("detail").is_string() && check.at("remedy").is_string() && check.at("title").is_string() &&
                    check.at("required").is_boolean());
    }
    EXPECT_THAT(ids, testing::ElementsAre("kernel-identity", "no-hz-full-all", "nohz-full-cpus", "tickless",
                                          "tickless-calls", "system-calls", "counters", "device", "header"));
}

TEST_F(HostTest, CheckMakesOnlyTheChecksThatAreNamed)
{
    const auto result = sandbox.krunctl({"check", "--json", "header", "device"});
    EXPECT_EQ(nlohmann::json::parse(result.output).at("checks").size(), 2U);
}

TEST_F(HostTest, CheckRefusesWhatItDoesNotKnowBeforeItMeasures)
{
    for (const auto &arguments : std::vector<std::vector<std::string>>{{"check", "tikless"},
                                                                       {"check", "--windows", "0"},
                                                                       {"check", "--seconds", "0.5"},
                                                                       {"check", "--seconds", "many"}}) {
        const auto result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, 2);
        EXPECT_EQ(result.output, "");
        EXPECT_THAT(result.errors, HasSubstr(arguments.back()));
    }
    EXPECT_THAT(sandbox.krunctl({"check", "tikless"}).errors, HasSubstr("did you mean `tickless`?"));
    EXPECT_THAT(sandbox.krunctl({"check", "nonsense"}).errors, HasSubstr("tickless-calls"));
}

} // namespace
} // namespace krun
