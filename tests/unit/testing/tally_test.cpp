// SPDX-License-Identifier: MIT
#include "testing/tally.hpp"

#include <gtest/gtest.h>

namespace krun
{

TEST(TallyOfTap, CountsEachKind)
{
    const Tally tally = tally_of_tap("t", "TAP version 13\n1..4\nok 1 a\nnot ok 2 b\nok 3 c # SKIP no PMU\nok 4 d\n");
    EXPECT_EQ(tally.passed, 2U);
    EXPECT_EQ(tally.failed, 1U);
    EXPECT_EQ(tally.skipped, 1U);
    EXPECT_EQ(tally.failures, std::vector<std::string>{"t: 2 b"});
    EXPECT_EQ(tally.skips, std::vector<std::string>{"t: 3 c # SKIP no PMU"});
}

TEST(TallyOfTap, TestsThatDidNotReportHaveFailed) { EXPECT_EQ(tally_of_tap("t", "1..3\nok 1 a\n").failed, 2U); }

TEST(TallyOfTap, NoTestAtAllIsAFailure)
{
    EXPECT_EQ(tally_of_tap("t", "").failed, 1U);
    EXPECT_EQ(tally_of_tap("t", "Segmentation fault\n").failed, 1U);
    EXPECT_EQ(tally_of_tap("t", "1..0\n").failed, 1U);
}

TEST(TallyOfTap, SeveralStreamsAddUp)
{
    const Tally tally = tally_of_tap("t", "1..1\nok 1 a\n1..2\nok 1 b\nok 2 c\n");
    EXPECT_EQ(tally.passed, 3U);
    EXPECT_EQ(tally.failed, 0U);
}

TEST(TallyOfGtest, CountsPassedFailedAndSkipped)
{
    const auto tally = tally_of_gtest(R"({"testsuites": [{"name": "S", "testsuite": [
        {"name": "a", "status": "RUN", "result": "COMPLETED"},
        {"name": "b", "status": "RUN", "result": "COMPLETED", "failures": [{"failure": "x"}]},
        {"name": "c", "status": "RUN", "result": "SKIPPED"},
        {"name": "d", "status": "NOTRUN", "result": "SUPPRESSED"}]}]})");
    ASSERT_TRUE(tally);
    EXPECT_EQ(tally->passed, 1U);
    EXPECT_EQ(tally->failures, std::vector<std::string>{"S.b"});
    EXPECT_EQ(tally->skips, std::vector<std::string>{"S.c"});
}

TEST(TallyOfGtest, HalfAReportIsAnError)
{
    EXPECT_FALSE(tally_of_gtest(R"({"testsuites": [{"name")"));
    EXPECT_FALSE(tally_of_gtest("{}"));
}

TEST(Tally, SummaryNamesSkipsOnlyWhenThereAreSome)
{
    Tally tally;
    tally.pass();
    EXPECT_EQ(summary(tally), "1 passed, 0 failed");
    tally.skip("x");
    tally.fail("y");
    EXPECT_EQ(summary(tally), "1 passed, 1 failed, 1 skipped");
}

} // namespace krun
