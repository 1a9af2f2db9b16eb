// SPDX-License-Identifier: MIT
#include "report/cost_report.hpp"

#include <gtest/gtest.h>

namespace krun
{

TEST(CostReport, ReadsTheBenchmarksLines)
{
    const auto costs = parse_costs("null\t200\nkrun\t250\nmsr\t-\n");
    ASSERT_TRUE(costs);
    ASSERT_EQ(costs->size(), 3U);
    EXPECT_DOUBLE_EQ(ratio_to_null(*costs, "krun").value_or(0), 1.25);
    EXPECT_EQ(ratio_to_null(*costs, "msr"), std::nullopt);
    EXPECT_EQ(ratio_to_null(*costs, "unknown"), std::nullopt);
}

TEST(CostReport, AWayThatTheKernelLacksIsUnsupportedNotZero)
{
    const auto costs = parse_costs("null\t200\nmsr\t-\n");
    ASSERT_TRUE(costs);
    EXPECT_NE(cost_table(*costs, "guest instructions").find("unsupported"), std::string::npos);
}

TEST(CostReport, RefusesOtherOutput)
{
    for (const char *output : {"", "krun\t250\n", "null\t0\n", "null\t-\n", "null 200\n", "null\t200\nkrun\t2x\n"})
        EXPECT_FALSE(parse_costs(output)) << output;
}

} // namespace krun
