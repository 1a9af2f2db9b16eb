// SPDX-License-Identifier: MIT
#include "runner/ctest_output.hpp"

#include <gtest/gtest.h>

namespace krun
{
namespace
{

void expect_end(const std::string &line, const std::string &name, CaseStatus status)
{
    const auto end = case_end(line);
    ASSERT_TRUE(end) << line;
    EXPECT_EQ(end->name, name);
    EXPECT_EQ(end->status, status) << line;
}

TEST(CaseEnd, IsKnownOfEveryWayToEnd)
{
    expect_end(" 1/10 Test  #3: unit-1 ...........   Passed    1.20 sec", "unit-1", CaseStatus::passed);
    expect_end("10/10 Test #13: boot-6.12 ........***Failed    0.00 sec", "boot-6.12", CaseStatus::failed);
    expect_end("2/3 Test #1: hang .............***Timeout   1.01 sec", "hang", CaseStatus::timed_out);
    expect_end("2/3 Test #1: later ............***Skipped   0.01 sec", "later", CaseStatus::skipped);
    expect_end("2/3 Test #1: dies .............***Exception: SegFault  0.10 sec", "dies", CaseStatus::died);
    expect_end("2/3 Test #1: aborts ...........Subprocess aborted***Exception:   0.10 sec", "aborts", CaseStatus::died);
    expect_end("2/3 Test #1: needs ............***Not Run   0.00 sec", "needs", CaseStatus::not_run);
    EXPECT_EQ(case_end("1/1 Test #1: a ...   Passed    1.50 sec")->seconds, 1.5);
    EXPECT_FALSE(case_end("      Start  3: unit-1"));
    EXPECT_FALSE(case_end("[ PASSED ] Test.Case (5 sec)"));
}

TEST(CaseStart, IsItsName)
{
    EXPECT_EQ(case_start("      Start  3: unit-1"), "unit-1");
    EXPECT_EQ(case_start("Start 12: boot-6.12"), "boot-6.12");
    EXPECT_FALSE(case_start("Starting the guest"));
}

} // namespace
} // namespace krun
