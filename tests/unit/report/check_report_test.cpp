// SPDX-License-Identifier: MIT
#include "report/check_report.hpp"

#include <gtest/gtest.h>

namespace krun
{
namespace
{

const std::vector<CheckResult> results = {{"a", "first", CheckStatus::pass, "0.3 interrupts", "", true, {0.3, 1}},
                                          {"b", "second", CheckStatus::fail, "none", "mend it"},
                                          {"c", "third", CheckStatus::skip, "cannot", "try"},
                                          {"d", "fourth", CheckStatus::missing, "not there", "install it", false},
                                          {"e", "fifth", CheckStatus::unknown, "hidden", "show it"}};

TEST(CheckInJson, FindsWhatCheckJsonWrote)
{
    const std::string report = check_json("6.12.1", KrunWorld::module, results).dump();
    for (const CheckResult &result : results) {
        const auto found = check_in_json(report, result.id);
        ASSERT_TRUE(found) << result.id;
        EXPECT_EQ(found->id, result.id);
        EXPECT_EQ(found->title, result.title);
        EXPECT_EQ(found->status, result.status);
        EXPECT_EQ(found->detail, result.detail);
        EXPECT_EQ(found->remedy, result.remedy);
        EXPECT_EQ(found->required, result.required);
        EXPECT_EQ(found->rates, result.rates);
    }
}

TEST(CheckInJson, AReportOfAnOlderKrunctlIsUnderstoodAndAnUnknownStatusIsNoPass)
{
    const auto found = check_in_json(
        R"({"checks": [{"id": "a", "title": "t", "status": "better", "detail": "d", "remedy": "r"}]})", "a");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->status, CheckStatus::unknown);
    EXPECT_TRUE(found->required);
}

TEST(CheckReport, JsonHasTheVerdictAndEachCheck)
{
    const auto json = check_json("6.1.0", KrunWorld::module, results);
    EXPECT_EQ(json.at("kernel"), "6.1.0");
    EXPECT_EQ(json.at("passed"), false);
    std::vector<std::string> statuses;
    for (const auto &check : json.at("checks"))
        statuses.push_back(check.at("status"));
    EXPECT_EQ(statuses, (std::vector<std::string>{"pass", "fail", "skip", "missing", "unknown"}));
    EXPECT_EQ(json.at("checks").at(0).at("required"), true);
    EXPECT_EQ(json.at("checks").at(3).at("required"), false);
}

TEST(CheckReport, TextHasTheRemedyBelowWhatDidNotPass)
{
    EXPECT_EQ(check_report(results), "pass     first: 0.3 interrupts\n"
                                     "fail     second: none\n         -> mend it\n"
                                     "skip     third: cannot\n         -> try\n"
                                     "missing  fourth: not there (not required)\n         -> install it\n"
                                     "unknown  fifth: hidden\n         -> show it\n");
}

TEST(CheckReport, TheVerdictTellsBrokenUnknownAndMissingApart)
{
    EXPECT_EQ(check_verdict(results), "NOT all good: 1 broken, 1 could not be measured");
    EXPECT_EQ(check_verdict({results[0], results[2], results[3]}), "all good");
    EXPECT_EQ(check_verdict({results[0], {"g", "g", CheckStatus::missing, "", ""}}), "NOT all good: 1 missing");
    EXPECT_EQ(check_verdict({results[2]}), "NOT all good: nothing passed");
}

TEST(CheckInJson, NothingComesOfAnotherIdOrAnotherText)
{
    const std::string report = check_json("6.12.1", KrunWorld::module, results).dump();
    EXPECT_FALSE(check_in_json(report, "f"));
    EXPECT_FALSE(check_in_json(report.substr(0, report.size() / 2), "a"));
    EXPECT_FALSE(check_in_json("", "a"));
    EXPECT_FALSE(check_in_json("[]", "a"));
    EXPECT_FALSE(check_in_json(R"({"checks": [{"id": "a"}]})", "a"));
}

} // namespace
} // namespace krun
