// SPDX-License-Identifier: MIT
#include "cases/case_result.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{

TEST(CaseResult, WhatIsWrittenIsReadAgain)
{
    CaseResult result;
    result.tally.pass("p");
    result.tally.fail("f");
    result.tally.skip("s");
    result.stages["boot"] = false;
    result.facts["rate"] = "0.3";
    result.not_run = "for want of time";
    result.proven_before = true;
    const auto read = case_result_from(to_json(result).dump());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->tally.passed, 1U);
    EXPECT_EQ(read->tally.passes, std::vector<std::string>{"p"});
    EXPECT_EQ(read->tally.failures, std::vector<std::string>{"f"});
    EXPECT_EQ(read->tally.skips, std::vector<std::string>{"s"});
    EXPECT_EQ(read->stages, result.stages);
    EXPECT_EQ(read->facts, result.facts);
    EXPECT_EQ(read->not_run, result.not_run);
    EXPECT_TRUE(read->proven_before);
}

TEST(CaseResult, HalfAResultIsNone)
{
    for (const auto *text : {"", "[]", "{", R"({"passed": 1})", R"({"passed": "1", "failed": [], "skipped": []})"})
        EXPECT_FALSE(case_result_from(text)) << text;
}

} // namespace krun
