// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "report/cost_report.hpp"

namespace krun
{
namespace
{

TEST(PartCosts, AreReadFromTheWrapper)
{
    const auto parts = parse_part_costs("installing packages,16.02,17.40;compiling krunctl,60.00,31.25;");
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[1].part, "compiling krunctl");
    EXPECT_DOUBLE_EQ(parts[1].cpu_seconds, 60.0);
    EXPECT_DOUBLE_EQ(parts[1].wall_seconds, 31.25);
}

TEST(PartCosts, WhatIsNotACostIsLeftOut)
{
    for (const char *text : {"", ";", "a", "a,1", "a,1,2,3", ",1,2", "a,x,2", "a,1,", "a,-1,2", "a,nan,2", "a,1,2s"})
        EXPECT_TRUE(parse_part_costs(text).empty()) << text;
    EXPECT_EQ(parse_part_costs("a,x,2;b,1,2").size(), 1U);
}

TEST(PartCosts, ATableHasTheSumOfTheCpuTimeAndTheWallTimeOfTheWhole)
{
    EXPECT_EQ(part_cost_table({{"the kernel", 200.04, 130}, {"the testbed's QEMU", 99.9, 110}}, 131.5),
              "part                CPU s  wall s\n"
              "the kernel          200.0   130.0\n"
              "the testbed's QEMU   99.9   110.0\n"
              "all                 299.9   131.5\n");
}

} // namespace
} // namespace krun
