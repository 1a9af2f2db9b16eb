// SPDX-License-Identifier: MIT
#include "util/statistics.hpp"

#include <limits>
#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint64_t> one_to(std::uint64_t last)
{
    std::vector<std::uint64_t> values(last);
    std::iota(values.rbegin(), values.rend(), 1); // descending: the order of the values says nothing
    return values;
}

TEST(Distribution, OfNothingIsEmpty)
{
    const auto none = distribution_of({});
    EXPECT_EQ(none.count, 0);
    EXPECT_THAT(none.histogram, IsEmpty());
}

TEST(Distribution, QuantilesAreValuesOfTheirRank)
{
    const auto thousand = distribution_of(one_to(1000));
    EXPECT_EQ(thousand.count, 1000);
    EXPECT_EQ(thousand.min, 1);
    EXPECT_EQ(thousand.p50, 500);
    EXPECT_EQ(thousand.p99, 990);
    EXPECT_EQ(thousand.p999, 999);
    EXPECT_EQ(thousand.max, 1000);
}

TEST(Distribution, OfOneValueIsThatValue)
{
    const auto one = distribution_of({77});
    for (const auto value : {one.min, one.p50, one.p99, one.p999, one.max})
        EXPECT_EQ(value, 77);
    ASSERT_EQ(one.histogram.size(), 1U);
    EXPECT_LE(one.histogram[0].from, 77);
    EXPECT_GT(one.histogram[0].to, 77);
}

// Of few values, the upper quantiles are the largest one, and not something beyond it.
TEST(Distribution, QuantilesOfFewValuesAreTheLargest)
{
    const auto few = distribution_of({5, 1, 9});
    EXPECT_EQ(few.p50, 5);
    EXPECT_EQ(few.p99, 9);
    EXPECT_EQ(few.p999, 9);
}

TEST(Distribution, BucketsHoldEveryValueOnceAndHaveNoGaps)
{
    auto values = one_to(3000);
    values.push_back(0);
    values.push_back(5'000'000);
    const auto all = distribution_of(values);
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < all.histogram.size(); at++) {
        const Bucket &bucket = all.histogram[at];
        sum += bucket.count;
        EXPECT_LT(bucket.from, bucket.to);
        if (at > 0) {
            EXPECT_EQ(bucket.from, all.histogram[at - 1].to);
        }
        if (bucket.from >= 64) { // wide enough that rounding does not count
            EXPECT_LT(static_cast<double>(bucket.to) / static_cast<double>(bucket.from), 1.11);
        }
    }
    EXPECT_EQ(sum, values.size());
    EXPECT_EQ(all.histogram.front().from, 0);
    EXPECT_EQ(all.histogram.back().count, 1);
    EXPECT_LE(all.histogram.back().from, 5'000'000);
}

TEST(Distribution, AValueOnAnEdgeIsInTheBucketAbove)
{
    EXPECT_THAT(distribution_of({1, 1, 2, 4}).histogram,
                ElementsAre(Bucket{1, 2, 2}, Bucket{2, 3, 1}, Bucket{3, 4, 0}, Bucket{4, 5, 1}));
}

TEST(Distribution, TheLastBucketTakesWhateverIsLarge)
{
    constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
    const auto huge = distribution_of({largest, largest - 1});
    ASSERT_EQ(huge.histogram.size(), 1U);
    EXPECT_EQ(huge.histogram[0].to, largest);
    EXPECT_EQ(huge.histogram[0].count, 2);
}

} // namespace
} // namespace krun
