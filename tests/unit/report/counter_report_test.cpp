// SPDX-License-Identifier: MIT
#include "report/counter_report.hpp"

#include <cerrno>
#include <gtest/gtest.h>

namespace krun
{

namespace
{

const CounterReading with_a_hole = {{0, {1, 2, 18446744073709551615ULL, 0}}, {2, {3, 4, 5, 0}}, {3, {0, 0, 0, ENXIO}}};

CounterReading counts(const std::vector<std::uint64_t> &of_cpus)
{
    CounterReading reading;
    for (std::size_t cpu = 0; cpu < of_cpus.size(); cpu++)
        reading[static_cast<int>(cpu)] = {of_cpus[cpu], of_cpus[cpu], of_cpus[cpu], 0};
    return reading;
}

} // namespace

TEST(CounterReport, JsonHasALineForEachCounterWithNullForCpusThatWereNotRead)
{
    const auto json = nlohmann::json::parse(counter_json(7, with_a_hole).dump());
    EXPECT_EQ(json, nlohmann::json::parse(R"({"reading": 7, "aperf": [1, null, 3, null], "mperf": [2, null, 4, null],
        "cycles": [18446744073709551615, null, 5, null], "unread": {"3": "offline"}})"));
    CounterReading read = with_a_hole;
    read.erase(3);
    EXPECT_EQ(counter_reading_from(json), read);
}

TEST(CounterReport, EveryCounterOfEveryCpuHasToAdvance)
{
    const CounterReading before = counts({1, 1});
    EXPECT_TRUE(every_counter_advanced(before, counts({2, 2})));
    for (const auto counter : {&CpuReading::aperf, &CpuReading::mperf, &CpuReading::cycles}) {
        CounterReading after = counts({2, 2});
        after[1].*counter = 1;
        EXPECT_FALSE(every_counter_advanced(before, after));
    }
}

TEST(CounterReport, ReadingsOfDifferentOrNoCpusDoNotCountAsAdvanced)
{
    EXPECT_FALSE(every_counter_advanced(counts({1}), counts({2, 2})));
    EXPECT_FALSE(every_counter_advanced({}, {}));
    CounterReading after = counts({2, 2});
    after[1].error = ENXIO;
    EXPECT_FALSE(every_counter_advanced(counts({1, 1}), after));
    EXPECT_FALSE(every_counter_advanced(after, counts({3, 3})));
}

TEST(CounterReport, TableShowsTheAdvanceAndTheRatio)
{
    const CounterReading before{{0, {1000, 500, 1000, 0}}};
    const CounterReading after{{0, {3600, 2000, 900, 0}}};
    const std::string text = counter_table(after, &before);
    EXPECT_NE(text.find("3,600 (+2,600)"), std::string::npos) << text;
    EXPECT_NE(text.find("900 (-100)"), std::string::npos) << text;
    EXPECT_NE(text.find("1.800"), std::string::npos) << text;
    EXPECT_EQ(counter_table(after, nullptr).find('+'), std::string::npos);
}

TEST(CounterReport, TableHasTheCpusThatWereReadAndWhyTheOthersWereNot)
{
    CounterReading reading = {{0, {1, 1, 1, 0}},
                              {2, {0, 0, 0, ENXIO}},
                              {3, {0, 0, 0, EBUSY}},
                              {4, {0, 0, 0, EOPNOTSUPP}},
                              {5, {0, 0, 0, ENODATA}}};
    EXPECT_EQ(counter_table(reading, nullptr), "CPU            APERF  MPERF  core cycles  APERF/MPERF\n"
                                               "  0                1      1            1        1.000\n"
                                               "  2          offline\n"
                                               "  3  no counter left\n"
                                               "  4  no such counter\n"
                                               "  5      not reached\n");
    const CounterReading later = {{2, {7, 7, 7, 0}}}; // it is back: there is nothing to compare with
    EXPECT_EQ(counter_table(later, &reading).find('+'), std::string::npos);
}

} // namespace krun
