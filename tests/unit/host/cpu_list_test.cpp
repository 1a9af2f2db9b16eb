// SPDX-License-Identifier: MIT
#include "host/cpu_sets.hpp"

#include <gtest/gtest.h>

namespace krun
{

using Cpus = std::vector<int>;

TEST(CpuList, ReadsRangesAndSingleCpus)
{
    EXPECT_EQ(parse_cpu_list("0"), Cpus({0}));
    EXPECT_EQ(parse_cpu_list("1-3\n"), Cpus({1, 2, 3}));
    EXPECT_EQ(parse_cpu_list("0,2-3,8"), Cpus({0, 2, 3, 8}));
}

TEST(CpuList, TakesTheKernelsWaysToSayNone)
{
    EXPECT_EQ(parse_cpu_list(""), Cpus());
    EXPECT_EQ(parse_cpu_list("\n"), Cpus());
    EXPECT_EQ(parse_cpu_list("(null)\n"), Cpus());
}

TEST(CpuList, RefusesWhatIsNoCpuList)
{
    for (const char *text : {"a", "1-", "-1", "3-1", "1,,2", "1 2", "0-99999999", "1-2-3"})
        EXPECT_EQ(parse_cpu_list(text), std::nullopt) << text;
}

TEST(CpuList, WritesTheShortestForm)
{
    EXPECT_EQ(format_cpu_list({}), "none");
    EXPECT_EQ(format_cpu_list({4}), "4");
    EXPECT_EQ(format_cpu_list({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
}

} // namespace krun
