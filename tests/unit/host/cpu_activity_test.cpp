// SPDX-License-Identifier: MIT
// What is said of CPUs between two samples, and of counters that get smaller.
#include "host/cpu_activity.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_counters.hpp"

namespace krun
{

namespace
{

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Optional;

class CpuActivities : public testing::Test
{
  protected:
    void begin() { ASSERT_TRUE(meter.start()); }
    ActivityReading next()
    {
        auto reading = meter.read();
        EXPECT_TRUE(reading);
        return reading.value_or(ActivityReading{});
    }
    std::map<unsigned, std::string> statuses(const ActivityReading &reading)
    {
        std::map<unsigned, std::string> found;
        for (const CpuActivity &cpu : reading.cpus)
            found[cpu.cpu] = cpu.status;
        return found;
    }

    FakeCounters source{3};
    ActivityMeter meter{source};
};

using Statuses = std::map<unsigned, std::string>;

TEST_F(CpuActivities, AreAboutTheTimeSinceTheReadingBefore)
{
    source.advance(0, 600'000'000, 500'000'000, 610'000'000);
    begin();
    source.readings[0].irq_timer += 250;
    source.readings[0].irq_device += 7;
    source.readings[0].own += 100;      // Krun's own samples,
    source.readings[0].irq_call += 103; // which are calls as well
    source.readings[0].switches += 40;
    const auto reading = next();
    EXPECT_EQ(reading.number, 1U);
    EXPECT_EQ(reading.elapsed_seconds, 1);
    EXPECT_EQ(reading.way, "device");
    EXPECT_FALSE(reading.virtual_machine);
    ASSERT_EQ(reading.cpus.size(), 3U);
    const CpuActivity &cpu = reading.cpus[0];
    EXPECT_EQ(cpu.status, "ok");
    EXPECT_THAT(cpu.seconds, Optional(1.0));
    EXPECT_THAT(cpu.frequency_hz, Optional(DoubleNear(1.2e9, 1)));
    EXPECT_THAT(cpu.busy_share, Optional(0.5));
    EXPECT_THAT(cpu.aperf_mperf_ratio, Optional(1.2));
    EXPECT_THAT(cpu.interrupts_per_second, Optional(260.0));
    EXPECT_THAT(cpu.switches_per_second, Optional(40.0));
    EXPECT_THAT(cpu.aperf, Optional(600'000'000U));
    EXPECT_THAT(cpu.mperf, Optional(500'000'000U));
    EXPECT_THAT(cpu.cycles, Optional(610'000'000U));
    EXPECT_THAT(next().cpus[0].interrupts_per_second, Optional(0.0));
}

TEST_F(CpuActivities, HaveNoValuesForWhatIsNotCounted)
{
    for (auto &reading : source.readings)
        reading.valid = KRUNC_INTERRUPTS;
    source.known.features = KRUNC_FEATURE_VIRTUAL;
    source.known.way = KRUNC_WAY_TSC;
    begin();
    const auto reading = next();
    EXPECT_TRUE(reading.virtual_machine);
    EXPECT_EQ(reading.way, "tsc");
    CpuActivity expected;
    expected.cpu = 2;
    expected.status = "ok";
    expected.seconds = 1;
    expected.interrupts_per_second = 0;
    EXPECT_EQ(reading.cpus[2], expected);
    EXPECT_THAT(reading.decreases, IsEmpty());
}

TEST_F(CpuActivities, ACpuThatGoesOfflineIsReportedAndBeginsAnewWhenItIsBack)
{
    source.advance(1, 10, 10, 10);
    begin();
    next();
    source.readings[1].status = KRUNC_OFFLINE;
    EXPECT_EQ(statuses(next()), (Statuses{{0, "ok"}, {1, "offline"}, {2, "ok"}}));
    source.readings[1].status = KRUNC_OK;
    source.readings[1].epoch++;
    source.readings[1].aperf = 5; // smaller, and nobody's fault
    const auto back = next();
    EXPECT_EQ(statuses(back), (Statuses{{0, "ok"}, {1, "restarted"}, {2, "ok"}}));
    EXPECT_EQ(back.cpus[1].aperf, std::nullopt);
    EXPECT_THAT(back.decreases, IsEmpty());
    EXPECT_THAT(next().cpus[1].aperf, Optional(10U));
}

TEST_F(CpuActivities, ACpuThatWasNeverOnlineIsAsIfItWereNotThereUnlessItIsAskedFor)
{
    source.readings[0].status = KRUNC_EMPTY; // not possible
    source.readings[1].status = KRUNC_OFFLINE;
    begin();
    EXPECT_EQ(statuses(next()), (Statuses{{2, "ok"}}));
    source.others = {{0, "not reached"}, {1, "offline"}, {2, "offline"}, {4, "offline"}};
    EXPECT_EQ(statuses(next()), (Statuses{{0, "not reached"}, {1, "offline"}, {2, "ok"}, {4, "offline"}}));
}

// The ways that have to be opened again when CPUs come and go.
TEST_F(CpuActivities, ANewSessionIsNotComparedWithTheOldOne)
{
    source.advance(2, 10, 10, 10);
    begin();
    next();
    EXPECT_EQ(meter.follow().value(), false);
    source.readings.erase(source.readings.begin() + 1); // the second reading is another CPU's now
    source.readings[1].aperf = 0;
    source.changed = true;
    EXPECT_EQ(meter.follow().value(), true);
    auto reading = next();
    EXPECT_EQ(statuses(reading), (Statuses{{0, "ok"}, {1, "offline"}, {2, "ok"}}));
    EXPECT_THAT(reading.cpus[2].aperf, Optional(10U));
    source.readings.erase(source.readings.begin());
    source.gone = true; // between the look and the sample
    reading = next();
    EXPECT_EQ(statuses(reading), (Statuses{{0, "offline"}, {1, "offline"}, {2, "ok"}}));
    EXPECT_EQ(reading.cpus[2].aperf, std::nullopt);
    EXPECT_THAT(reading.decreases, IsEmpty());
    EXPECT_THAT(next().cpus[2].aperf, Optional(10U));
}

TEST_F(CpuActivities, ACounterThatGetsSmallerIsReportedWithBothValues)
{
    begin();
    source.readings[1].mperf -= 1;
    source.readings[2].cycles = 7;
    auto reading = next();
    EXPECT_THAT(reading.decreases, ElementsAre(CounterDecrease{1, "mperf", 1'000'000, 999'999},
                                               CounterDecrease{2, "cycles", 1'000'000, 7}));
    EXPECT_EQ(statuses(reading), (Statuses{{0, "ok"}, {1, "decreased"}, {2, "decreased"}}));
    EXPECT_EQ(reading.cpus[1].mperf, std::nullopt);
    EXPECT_THAT(next().decreases, IsEmpty());
    source.readings[0].aperf--;
    source.readings[0].tsc -= 3'000'000'000;
    EXPECT_THAT(next().decreases, ElementsAre(CounterDecrease{0, "aperf", 1'000'000, 999'999},
                                              CounterDecrease{0, "tsc", 3'000'000'000, 1'000'000'000}));
}

TEST_F(CpuActivities, OnlyWhatBothReadingsHaveCanGetSmaller)
{
    source.readings[0].valid = KRUNC_MPERF;
    source.readings[1].status = KRUNC_BUSY;
    begin();
    for (auto &reading : source.readings) {
        reading.valid = KRUNC_APERF;
        reading.status = KRUNC_OK;
        reading.aperf = reading.mperf = 0;
    }
    source.readings[2].epoch++;
    EXPECT_THAT(next().decreases, IsEmpty());
}

TEST_F(CpuActivities, WhatCannotBeSampledIsAnError)
{
    begin();
    source.broken = true;
    EXPECT_EQ(meter.read().error().code, ExitCode::host_lacks);
    EXPECT_EQ(meter.start().error().message, "the counters cannot be read");
    source.changed = true;
    EXPECT_EQ(meter.follow().error().hint, "mend it");
}

} // namespace
} // namespace krun
