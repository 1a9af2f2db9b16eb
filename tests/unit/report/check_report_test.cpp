// SPDX-License-Identifier: MIT
#include "report/check_report.hpp"

#include <gtest/gtest.h>

namespace krun
{
namespace
{

const std::vector<CheckResult> results = {{"a", "first", CheckStatus::pass, "0.3 interrupts", ""},
                                          {"b", "second", CheckStatus::fail, "none", "mend it"},
                                          {"c", "third", CheckStatus::skip, "cannot", "try"}};

TEST(CheckInJson, FindsWhatCheckJsonWrote)
{
    const std::string report = check_json("6.12.1", results).dump();
    for (const CheckResult &result : results) {
        const auto found = check_in_json(report, result.id);
        ASSERT_TRUE(found) << result.id;
        EXPECT_EQ(found->id, result.id);
        EXPECT_EQ(found->title, result.title);
        EXPECT_EQ(found->status, result.status);
        EXPECT_EQ(found->detail, result.detail);
        EXPECT_EQ(found->remedy, result.remedy);
    }
}

TEST(CheckInJson, NothingComesOfAnotherIdOrAnotherText)
{
    const std::string report = check_json("6.12.1", results).dump();
    EXPECT_FALSE(check_in_json(report, "d"));
    EXPECT_FALSE(check_in_json(report.substr(0, report.size() / 2), "a"));
    EXPECT_FALSE(check_in_json("", "a"));
    EXPECT_FALSE(check_in_json("[]", "a"));
    EXPECT_FALSE(check_in_json(R"({"checks": [{"id": "a"}]})", "a"));
}

} // namespace
} // namespace krun
