// SPDX-License-Identifier: MIT
#include "cases/gtest_run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{

TEST(TallyOfGtest, CountsPassedFailedAndSkipped)
{
    const auto tally = tally_of_gtest(R"({"testsuites": [{"name": "S", "testsuite": [
        {"name": "a", "status": "RUN", "result": "COMPLETED"},
        {"name": "b", "status": "RUN", "result": "COMPLETED", "failures": [{"failure": "/s/x_test.cpp:12\nValue of: x"}]},
        {"name": "c", "status": "RUN", "result": "SKIPPED"},
        {"name": "d", "status": "NOTRUN", "result": "SUPPRESSED"}]}]})");
    ASSERT_TRUE(tally);
    EXPECT_EQ(tally->passed, 1U);
    EXPECT_EQ(tally->failures, std::vector<std::string>{"S.b: Value of: x"});
    EXPECT_EQ(tally->skips, std::vector<std::string>{"S.c"});
}

TEST(TallyOfGtest, HalfAReportIsAnError)
{
    EXPECT_FALSE(tally_of_gtest(R"({"testsuites": [{"name")"));
    EXPECT_FALSE(tally_of_gtest("{}"));
}

} // namespace krun
