// SPDX-License-Identifier: MIT
#include "util/statistics.hpp"

#include <cmath>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

// Values of any table of Student's t, two-sided 95 %.
TEST(StudentT, HasTheValuesOfTheTables)
{
    EXPECT_NEAR(student_t(1), 12.706, 0.0005);
    EXPECT_NEAR(student_t(2), 4.303, 0.0005);
    EXPECT_NEAR(student_t(9), 2.262, 0.0005);
    EXPECT_NEAR(student_t(30), 2.042, 0.0005);
    EXPECT_NEAR(student_t(40), 2.021, 0.0005);
    EXPECT_NEAR(student_t(60), 2.000, 0.0005);
    EXPECT_NEAR(student_t(120), 1.980, 0.0005);
    EXPECT_NEAR(student_t(100000), 1.960, 0.0005);
    EXPECT_TRUE(std::isinf(student_t(0)));
}

TEST(StudentT, FallsWhereTheTableEndsToo)
{
    for (unsigned degrees = 1; degrees < 50; degrees++)
        EXPECT_GT(student_t(degrees), student_t(degrees + 1)) << degrees;
}

// 2, 4, 6: mean 4, deviation 2; 4.303 * 2 / sqrt(3) = 4.969.
TEST(SpreadTest, OfThreeValuesIsWhatOneComputesByHand)
{
    const auto spread = spread_of({2, 4, 6});
    EXPECT_DOUBLE_EQ(spread.mean, 4);
    EXPECT_DOUBLE_EQ(spread.deviation, 2);
    EXPECT_NEAR(spread.half_width, 4.969, 0.0005);
}

TEST(SpreadTest, OfOneValueHasNoLimitAndOfNoneIsNothing)
{
    const auto one = spread_of({3});
    EXPECT_EQ(one.mean, 3);
    EXPECT_EQ(one.deviation, 0);
    EXPECT_TRUE(std::isinf(one.half_width));
    EXPECT_EQ(spread_of({}).mean, 0);
}

TEST(SpreadTest, OfEqualValuesIsZero) { EXPECT_DOUBLE_EQ(spread_of({7, 7, 7, 7}).half_width, 0); }

TEST(PairDifferences, LackThePairsThatLackAValue)
{
    EXPECT_EQ(pair_differences({1, {}, 3, 4, 9}, {2, 5, {}, 2}), std::vector<double>({1, -2}));
    EXPECT_TRUE(pair_differences({}, {1, 2}).empty());
}

} // namespace
} // namespace krun
