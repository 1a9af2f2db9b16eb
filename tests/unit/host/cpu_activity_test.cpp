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
    source.readings[0].own += 100;      // Krun's samples, all of them other programs', as this session has no number
    source.readings[0].irq_call += 103; // which are calls as well
    source.readings[0].switches += 40;
    const auto reading = next();
    EXPECT_EQ(reading.number, 1U);
    EXPECT_EQ(reading.elapsed_seconds, 1);
    EXPECT_EQ(reading.facts.way, static_cast<std::uint32_t>(KRUNC_WAY_DEVICE));
    EXPECT_EQ(reading.facts.cpu, nullptr);
    ASSERT_EQ(reading.cpus.size(), 3U);
    const CpuActivity &cpu = reading.cpus[0];
    EXPECT_EQ(cpu.status, "ok");
    EXPECT_EQ(cpu.delta.cpu(), 0U);
    EXPECT_THAT(cpu.delta.seconds(), Optional(1.0));
    EXPECT_THAT(cpu.delta.frequency(), Optional(DoubleNear(1.2e9, 1)));
    EXPECT_THAT(cpu.delta.busy(), Optional(0.5));
    EXPECT_THAT(cpu.delta.ratio(), Optional(1.2));
    EXPECT_THAT(interrupts_per_second(cpu.delta.raw()), Optional(360.0));
    EXPECT_THAT(switches_per_second(cpu.delta.raw()), Optional(40.0));
    EXPECT_THAT(cpu.delta.aperf(), Optional(600'000'000U));
    EXPECT_THAT(cpu.delta.mperf(), Optional(500'000'000U));
    EXPECT_THAT(cpu.delta.cycles(), Optional(610'000'000U));
    EXPECT_THAT(interrupts_per_second(next().cpus[0].delta.raw()), Optional(0.0));
}

// One meaning everywhere: what others' samples cause is an interrupt like any other, what the session's own cause is
// none.
TEST(InterruptsOf, AreAllButThoseOfTheSessionsOwnSamples)
{
    krunc_delta delta{};
    delta.valid = KRUNC_INTERRUPTS;
    delta.irq_timer = 1, delta.irq_reschedule = 2, delta.irq_call = 4, delta.irq_device = 8, delta.irq_nmi = 16;
    delta.irq_other = 0xffffffff, delta.own = 64, delta.sampled_by_others = 32;
    EXPECT_EQ(interrupts_of(delta), 0xffffffffULL + 31 + 32);
    EXPECT_EQ(interrupts_per_second(delta), std::nullopt); // in no time
    delta.derived = KRUNC_D_TIME;
    EXPECT_EQ(interrupts_per_second(delta), std::nullopt);
    delta.seconds = 2;
    EXPECT_THAT(interrupts_per_second(delta), Optional((0xffffffffULL + 63) / 2.0));
    EXPECT_EQ(switches_per_second(delta), std::nullopt);
}

TEST_F(CpuActivities, HaveNoValuesForWhatIsNotCounted)
{
    for (auto &reading : source.readings)
        reading.valid = KRUNC_INTERRUPTS;
    source.known.features = KRUNC_FEATURE_VIRTUAL;
    source.known.way = KRUNC_WAY_TSC;
    begin();
    const auto reading = next();
    EXPECT_EQ(reading.facts.features, static_cast<std::uint32_t>(KRUNC_FEATURE_VIRTUAL));
    EXPECT_EQ(reading.facts.way, static_cast<std::uint32_t>(KRUNC_WAY_TSC));
    const CpuActivity &cpu = reading.cpus[2];
    EXPECT_EQ(cpu.cpu, 2U);
    EXPECT_EQ(cpu.status, "ok");
    EXPECT_EQ(cpu.delta.raw().valid & ~KRUNC_CLOCK, static_cast<std::uint32_t>(KRUNC_INTERRUPTS));
    EXPECT_EQ(cpu.delta.raw().derived, static_cast<std::uint32_t>(KRUNC_D_TIME));
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
    EXPECT_EQ(back.cpus[1].delta.aperf(), std::nullopt);
    EXPECT_THAT(back.decreases, IsEmpty());
    EXPECT_THAT(next().cpus[1].delta.aperf(), Optional(10U));
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
    EXPECT_THAT(reading.cpus[2].delta.aperf(), Optional(10U));
    source.readings.erase(source.readings.begin());
    source.gone = true; // between the look and the sample
    reading = next();
    EXPECT_EQ(statuses(reading), (Statuses{{0, "offline"}, {1, "offline"}, {2, "ok"}}));
    EXPECT_EQ(reading.cpus[2].delta.aperf(), std::nullopt);
    EXPECT_THAT(reading.decreases, IsEmpty());
    EXPECT_THAT(next().cpus[2].delta.aperf(), Optional(10U));
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
    EXPECT_EQ(reading.cpus[1].delta.mperf(), std::nullopt);
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
