// SPDX-License-Identifier: MIT
// The table of what CPUs do, on terminals of many sizes, and its JSON.
#include "report/activity_report.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "util/text.hpp"

namespace krun
{

namespace
{

using testing::HasSubstr;
using testing::StartsWith;

CpuActivity working(unsigned cpu, double busy)
{
    CpuActivity activity;
    activity.cpu = cpu;
    activity.status = "ok";
    krunc_delta &delta = activity.delta.raw();
    delta.cpu = cpu;
    delta.status = KRUNC_OK;
    delta.valid = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INTERRUPTS | KRUNC_SWITCHES;
    delta.derived = KRUNC_D_TIME | KRUNC_D_RATIO | KRUNC_D_FREQUENCY | KRUNC_D_BUSY;
    delta.seconds = 2;
    delta.frequency = 3'412'345'678;
    delta.busy = busy;
    delta.ratio = 1.1374;
    delta.ratio_error = 0.001;
    delta.irq_timer = 500;
    delta.irq_call = 2;
    delta.sampled_by_others = 1;
    delta.switches = 24;
    delta.aperf = 3'412'345'678;
    delta.mperf = 3'000'000'000;
    delta.cycles = 3'400'000'000;
    return activity;
}

CpuActivity without_counts(unsigned cpu, const std::string &status)
{
    CpuActivity activity;
    activity.cpu = activity.delta.raw().cpu = cpu;
    activity.status = status;
    return activity;
}

CpuActivity with_interrupts(unsigned cpu, std::uint32_t interrupts)
{
    CpuActivity activity = without_counts(cpu, "ok");
    activity.delta.raw().valid = KRUNC_INTERRUPTS;
    activity.delta.raw().derived = KRUNC_D_TIME;
    activity.delta.raw().seconds = 1;
    activity.delta.raw().irq_timer = interrupts;
    return activity;
}

// CPU n is n % busy.
ActivityReading machine(unsigned cpus)
{
    ActivityReading reading;
    reading.number = 7;
    reading.elapsed_seconds = 6.25;
    reading.facts.way = KRUNC_WAY_DEVICE;
    for (unsigned cpu = 0; cpu < cpus; cpu++)
        reading.cpus.push_back(working(cpu, cpu / 100.0));
    return reading;
}

std::vector<std::string> table(const ActivityReading &reading, std::optional<std::size_t> lines,
                               std::optional<std::size_t> columns)
{
    auto found = lines_of(activity_table(reading, {lines, columns}));
    if (lines) {
        EXPECT_LE(found.size(), *lines);
    }
    for (const auto &line : found) {
        EXPECT_LE(line.size(), columns.value_or(line.size())) << line;
    }
    return found;
}

std::vector<std::string> numbers_of_cpus(const std::vector<std::string> &lines)
{
    std::vector<std::string> numbers;
    for (const auto &line : lines)
        if (line.starts_with(" "))
            numbers.push_back(words_of(line).front());
    return numbers;
}

TEST(ActivityTable, HasALineForEachCpuAndADashForWhatIsMissing)
{
    ActivityReading reading = machine(1);
    reading.cpus[0].delta.raw().busy = 1.0004; // by the instant between two readings
    reading.cpus.push_back(without_counts(1, "offline"));
    reading.cpus.push_back(with_interrupts(3, 0));
    EXPECT_EQ(activity_table(reading, {}),
              "reading 7, 6.2 s, way: device\n"
              "CPU  status      MHz     busy  irq/s  switch/s  APERF/MPERF         cycles\n"
              "  0  ok       3412.3  100.0 %  251.5      12.0        1.137  3,400,000,000\n"
              "  1  offline       -        -      -         -            -              -\n"
              "  3  ok            -        -    0.0         -            -              -\n");
    reading.facts.features = KRUNC_FEATURE_VIRTUAL;
    EXPECT_THAT(activity_table(reading, {}), StartsWith("reading 7, 6.2 s, way: device, in a virtual machine\n"));
}

TEST(ActivityTable, OfManyCpusShowsTheBusiestInTheirOrderAndSaysHowManyAreNotShown)
{
    ActivityReading reading = machine(64);
    reading.cpus[1].delta.raw().busy = 0.99;
    const auto lines = table(reading, 23, 80); // 80 by 24, with the cursor's line free
    ASSERT_EQ(lines.size(), 23U);
    const auto numbers = numbers_of_cpus(lines);
    ASSERT_EQ(numbers.size(), 20U);
    EXPECT_EQ(numbers.front(), "1");
    EXPECT_EQ(numbers[1], "45");
    EXPECT_EQ(numbers.back(), "63");
    EXPECT_EQ(lines.back(), "44 CPUs not shown, at most 44.0 % busy");
    EXPECT_THAT(lines[1], HasSubstr("cycles")); // every column has room
    EXPECT_EQ(table(reading, {}, {}).size(), 66U);
    EXPECT_EQ(table(reading, 66, 80).size(), 66U); // all fit, and there is nothing to say
    EXPECT_THAT(table(reading, 66, 80).back(), StartsWith(" 63"));
    EXPECT_EQ(table(reading, 65, 80).back(), "2 CPUs not shown, at most 2.0 % busy");
}

TEST(ActivityTable, WithoutCountersInterruptsSayWhoIsBusy)
{
    ActivityReading reading = machine(0);
    for (unsigned cpu = 0; cpu < 30; cpu++)
        reading.cpus.push_back(with_interrupts(cpu, cpu == 4 ? 1000 : 30 - cpu));
    const auto lines = table(reading, 5, 80);
    EXPECT_THAT(numbers_of_cpus(lines), testing::ElementsAre("0", "4"));
    EXPECT_EQ(lines.back(), "28 CPUs not shown");
}

TEST(ActivityTable, OfANarrowTerminalLosesTheLeastImportantColumnsFirst)
{
    const ActivityReading reading = machine(4);
    const auto lines = table(reading, 24, 60);
    EXPECT_EQ(lines[1], "CPU  status     MHz   busy  irq/s  switch/s  APERF/MPERF");
    EXPECT_EQ(lines.back(), "too narrow for cycles");
    EXPECT_EQ(table(reading, 24, 40)[1], "CPU  status     MHz   busy  irq/s");
    EXPECT_EQ(table(reading, 24, 40).back(), "too narrow for switch/s, APERF/MPERF, cy");
    EXPECT_EQ(table(reading, 24, 12)[1], "CPU  status");
    const auto both = table(reading, 5, 60);
    EXPECT_EQ(both.back(), "2 CPUs not shown, at most 1.0 % busy; too narrow for cycles");
}

TEST(ActivityTable, IsNeverLargerThanItsRoom)
{
    ActivityReading reading = machine(200);
    reading.decreases = {{3, "aperf", 7, 5}};
    for (std::size_t lines = 1; lines < 8; lines++)
        for (std::size_t columns = 1; columns < 100; columns++)
            EXPECT_THAT(table(reading, lines, columns), testing::Not(testing::IsEmpty()));
}

TEST(ActivityTable, ShowsACpuWhoseCounterGotSmallerHoweverIdleItIs)
{
    ActivityReading reading = machine(64);
    reading.cpus[0].status = "decreased";
    reading.decreases = {{0, "aperf", 18'446'744'073'709'551'615U, 5}, {0, "mperf", 7, 6}, {0, "cycles", 9, 8}};
    const auto lines = table(reading, 10, 80);
    EXPECT_EQ(numbers_of_cpus(lines).front(), "0");
    EXPECT_EQ(lines[8], "CPU 0: aperf went back from 18446744073709551615 to 5, and 2 more");
    EXPECT_EQ(lines[9], "58 CPUs not shown, at most 58.0 % busy");
    reading.decreases.resize(1);
    EXPECT_EQ(table(reading, {}, {}).back(), "CPU 0: aperf went back from 18446744073709551615 to 5");
}

TEST(ActivityJson, HasTheNamesOfAllDifferencesAndLeavesOutWhatIsMissing)
{
    ActivityReading reading = machine(1);
    reading.cpus.push_back(without_counts(2, "offline"));
    reading.decreases = {{0, "aperf", 7, 5}};
    const auto json = nlohmann::json::parse(activity_json(reading).dump());
    EXPECT_EQ(json, nlohmann::json::parse(R"({
        "schema": 1, "reading": 7, "elapsed_s": 6.25,
        "session": {"way": "device", "virtual_machine": false, "counters": [], "missing": {}, "not_usable": {}},
        "cpus": [
            {"cpu": 0, "status": "ok", "quality": [], "unknown": [], "elapsed_s": 2.0, "frequency_hz": 3412345678.0,
             "busy_ratio": 0.0, "aperf_mperf_ratio": 1.1374, "aperf_mperf_error_ratio": 0.001,
             "aperf_count": 3412345678, "mperf_count": 3000000000, "cycles_count": 3400000000,
             "interrupts_count": {"timer": 500, "reschedule": 0, "call": 2, "device": 0, "nmi": 0, "other": 0,
                                  "sampled": 1, "own": 0},
             "interrupts_per_s": 251.5, "switches_count": 24, "switches_per_s": 12.0},
            {"cpu": 2, "status": "offline", "quality": [], "unknown": []}],
        "decreases": [{"cpu": 0, "counter": "aperf", "before_count": 7, "after_count": 5}]})"));
    EXPECT_THROW(activity_from(nlohmann::json::object()), nlohmann::json::exception);
}

// As krunctl demo does with what its guest prints.
TEST(ActivityJson, CanBeReadBackIntoTheSameTable)
{
    ActivityReading reading = machine(2);
    reading.facts.way = KRUNC_WAY_MSR;
    reading.facts.features = KRUNC_FEATURE_VIRTUAL;
    reading.cpus.push_back(without_counts(2, "offline"));
    reading.cpus.push_back(with_interrupts(3, 9));
    reading.decreases = {{0, "aperf", 7, 5}};
    const auto back = activity_from(activity_json(reading));
    EXPECT_EQ(activity_table(back, {}), activity_table(reading, {}));
    EXPECT_EQ(activity_json(back).at("cpus"), activity_json(reading).at("cpus"));
}

TEST(ActivityReport, EveryCounterOfEveryCpuHasToAdvance)
{
    EXPECT_TRUE(every_counter_advanced(machine(2)));
    EXPECT_FALSE(every_counter_advanced(machine(0)));
    for (const auto counter : {&krunc_delta::aperf, &krunc_delta::mperf, &krunc_delta::cycles}) {
        ActivityReading reading = machine(2);
        reading.cpus[1].delta.raw().*counter = 0;
        EXPECT_FALSE(every_counter_advanced(reading));
    }
    for (const std::uint32_t counter : {KRUNC_APERF, KRUNC_MPERF, KRUNC_CYCLES}) {
        ActivityReading reading = machine(2);
        reading.cpus[1].delta.raw().valid &= ~counter;
        EXPECT_FALSE(every_counter_advanced(reading));
    }
}

} // namespace
} // namespace krun
