// SPDX-License-Identifier: MIT
#include "report/counter_report.hpp"

#include <gtest/gtest.h>

namespace krun
{

TEST(CounterReport, JsonRoundTrip)
{
    const CounterReading reading{{1, 2}, {3, 4}, {5, 18446744073709551615ULL}};
    const auto json = nlohmann::json::parse(counter_json(7, reading).dump());
    EXPECT_EQ(json.at("reading"), 7);
    const CounterReading copy = counter_reading_from(json);
    EXPECT_EQ(copy.aperf, reading.aperf);
    EXPECT_EQ(copy.mperf, reading.mperf);
    EXPECT_EQ(copy.cycles, reading.cycles);
}

TEST(CounterReport, EveryCounterOfEveryCpuHasToAdvance)
{
    const CounterReading before{{1, 1}, {1, 1}, {1, 1}};
    EXPECT_TRUE(every_counter_advanced(before, {{2, 2}, {2, 2}, {2, 2}}));
    EXPECT_FALSE(every_counter_advanced(before, {{2, 1}, {2, 2}, {2, 2}}));
    EXPECT_FALSE(every_counter_advanced(before, {{2, 2}, {1, 2}, {2, 2}}));
    EXPECT_FALSE(every_counter_advanced(before, {{2, 2}, {2, 2}, {2, 0}}));
}

TEST(CounterReport, ReadingsOfDifferentOrNoCpusDoNotCountAsAdvanced)
{
    EXPECT_FALSE(every_counter_advanced({{1}, {1}, {1}}, {{2, 2}, {2, 2}, {2, 2}}));
    EXPECT_FALSE(every_counter_advanced({}, {}));
}

TEST(CounterReport, TableShowsTheAdvanceAndTheRatio)
{
    const CounterReading before{{1000}, {500}, {1000}};
    const CounterReading after{{3600}, {2000}, {900}};
    const std::string text = counter_table(after, &before);
    EXPECT_NE(text.find("3,600 (+2,600)"), std::string::npos) << text;
    EXPECT_NE(text.find("900 (-100)"), std::string::npos) << text;
    EXPECT_NE(text.find("1.800"), std::string::npos) << text;
    EXPECT_EQ(counter_table(after, nullptr).find('+'), std::string::npos);
}

} // namespace krun
