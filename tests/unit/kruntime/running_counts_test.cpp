// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "running_counts.hpp"

namespace krun
{
namespace
{

constexpr uint32_t cores = 2;

// A sample of two CPUs, 0 and 3, as /dev/krun gives it.
class FakeSample
{
  public:
    FakeSample() : memory_((sizeof(krunc_sample) + cores * sizeof(krunc_reading)) / sizeof(uint64_t))
    {
        sample().readings = cores;
        for (uint32_t core = 0; core < cores; ++core) {
            krunc_reading &reading = at(core);
            reading.cpu = core * 3;
            reading.status = KRUNC_OK;
            reading.valid = RunningCounts::counters;
            reading.epoch = 1;
        }
    }

    FakeSample &count(uint32_t core, uint64_t aperf, uint64_t mperf, uint64_t cycles)
    {
        at(core).aperf = aperf;
        at(core).mperf = mperf;
        at(core).cycles = cycles;
        return *this;
    }

    krunc_sample &sample() { return *reinterpret_cast<krunc_sample *>(memory_.data()); }
    krunc_reading &at(uint32_t core) { return *krunc_reading_at(&sample(), core); }

  private:
    std::vector<uint64_t> memory_;
};

krunc_facts facts_of_two_cpus()
{
    krunc_facts facts{};
    facts.size = sizeof(facts);
    facts.way = KRUNC_WAY_DEVICE;
    facts.scope = KRUNC_SCOPE_CPUS;
    facts.counters = RunningCounts::counters;
    facts.readings = cores;
    facts.sample_size = sizeof(krunc_sample) + cores * sizeof(krunc_reading);
    return facts;
}

void expect_counts(const RunningCounts &running, uint32_t core, uint64_t aperf, uint64_t mperf, uint64_t cycles)
{
    EXPECT_EQ(running.counts()[core].aperf, aperf);
    EXPECT_EQ(running.counts()[core].mperf, mperf);
    EXPECT_EQ(running.counts()[core].core_cycles, cycles);
}

TEST(RunningCounts, BeginAtZeroWhateverTheMachineHasCounted)
{
    RunningCounts running(facts_of_two_cpus());
    FakeSample sample;
    sample.count(0, 1ull << 60, 1ull << 61, 1ull << 62).count(1, 7, 8, 9);
    EXPECT_FALSE(running.advance(sample.sample(), Break::is_an_error));
    expect_counts(running, 0, 0, 0, 0);
    expect_counts(running, 1, 0, 0, 0);
}

TEST(RunningCounts, AddUpWhatEachCoreCounts)
{
    RunningCounts running(facts_of_two_cpus());
    FakeSample sample;
    ASSERT_FALSE(running.advance(sample.count(0, 100, 200, 300).count(1, 5, 5, 5).sample(), Break::is_an_error));
    ASSERT_FALSE(running.advance(sample.count(0, 110, 220, 330).count(1, 6, 7, 8).sample(), Break::is_an_error));
    ASSERT_FALSE(running.advance(sample.count(0, 111, 222, 333).count(1, 6, 7, 8).sample(), Break::is_left_out));
    expect_counts(running, 0, 11, 22, 33);
    expect_counts(running, 1, 1, 2, 3);
}

TEST(RunningCounts, NameTheCpuAndItsStatusWhenACounterIsMissing)
{
    RunningCounts running(facts_of_two_cpus());
    FakeSample sample;
    ASSERT_FALSE(running.advance(sample.sample(), Break::is_left_out));
    sample.at(1).status = KRUNC_OFFLINE;
    sample.at(1).valid = 0;
    const auto obstacle = running.advance(sample.sample(), Break::is_left_out);
    ASSERT_TRUE(obstacle);
    EXPECT_EQ(obstacle->cpu, 3u);
    EXPECT_STREQ(obstacle->what, krunc_status_name(KRUNC_OFFLINE));
}

TEST(RunningCounts, NeedAllThreeCounters)
{
    for (const uint32_t missing : {KRUNC_APERF, KRUNC_MPERF, KRUNC_CYCLES}) {
        RunningCounts running(facts_of_two_cpus());
        FakeSample sample;
        sample.at(0).valid &= ~missing;
        EXPECT_TRUE(running.advance(sample.sample(), Break::is_left_out)) << missing;
    }
}

TEST(RunningCounts, LeaveOutWhatWasCountedAcrossABreakBetweenIterations)
{
    RunningCounts running(facts_of_two_cpus());
    FakeSample sample;
    ASSERT_FALSE(running.advance(sample.count(0, 100, 100, 100).sample(), Break::is_left_out));
    ASSERT_FALSE(running.advance(sample.count(0, 150, 160, 170).sample(), Break::is_an_error));
    // The CPU was offline, and has begun at 0 again.
    sample.at(0).epoch = 3;
    ASSERT_FALSE(running.advance(sample.count(0, 20, 20, 20).sample(), Break::is_left_out));
    expect_counts(running, 0, 50, 60, 70);
    ASSERT_FALSE(running.advance(sample.count(0, 21, 22, 23).sample(), Break::is_an_error));
    expect_counts(running, 0, 51, 62, 73);
}

TEST(RunningCounts, ReportABreakWithinAnIteration)
{
    RunningCounts running(facts_of_two_cpus());
    FakeSample sample;
    ASSERT_FALSE(running.advance(sample.sample(), Break::is_left_out));
    sample.at(1).epoch = 2;
    const auto obstacle = running.advance(sample.count(1, 9, 9, 9).sample(), Break::is_an_error);
    ASSERT_TRUE(obstacle);
    EXPECT_EQ(obstacle->cpu, 3u);
    EXPECT_NE(std::string(obstacle->what).find("did not count through"), std::string::npos);
}

TEST(RunningCounts, AreForOneThreadAtATime)
{
    RunningCounts running(facts_of_two_cpus());
    FakeSample sample;
    ASSERT_FALSE(running.advance(sample.sample(), Break::is_left_out));
    sample.at(0).sequence_after = 2;
    const auto obstacle = running.advance(sample.sample(), Break::is_left_out);
    ASSERT_TRUE(obstacle);
    EXPECT_STREQ(obstacle->what, "two threads measured at once");
}

} // namespace
} // namespace krun
