// SPDX-License-Identifier: MIT
#include "report/tally.hpp"

#include <gtest/gtest.h>

namespace krun
{

TEST(TallyOfTap, CountsEachKind)
{
    const Tally tally = tally_of_tap("t", "TAP version 13\n1..4\nok 1 a\nnot ok 2 b\nok 3 c # SKIP no PMU\nok 4 d\n");
    EXPECT_EQ(tally.passed, 2U);
    EXPECT_EQ(tally.failed, 1U);
    EXPECT_EQ(tally.skipped, 1U);
    EXPECT_EQ(tally.passes, (std::vector<std::string>{"t: 1 a", "t: 4 d"}));
    EXPECT_EQ(tally.failures, std::vector<std::string>{"t: 2 b"});
    EXPECT_EQ(tally.skips, std::vector<std::string>{"t: 3 c # SKIP no PMU"});
}

TEST(TallyOfTap, TestsThatDidNotReportHaveFailedAndAreNamed)
{
    const std::vector<std::string> missing = {"t: test 2 of 3 did not report", "t: test 3 of 3 did not report"};
    EXPECT_EQ(tally_of_tap("t", "1..3\nok 1 a\n").failures, missing);
    EXPECT_EQ(tally_of_tap("t", "ok 1 a\n1..3\n").failures, missing);
    // Too many of one stream do not make up for another's.
    EXPECT_EQ(tally_of_tap("t", "1..1\nok 1 a\nok 2 b\n1..3\nok 1 a\n").failures, missing);
}

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
