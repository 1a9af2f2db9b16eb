// SPDX-License-Identifier: MIT
// A thread that moves to another CPU in the middle of a sample.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include <krun/counters.h>

#include "bound_thread.hpp"
#include "proc_interrupts.hpp"
#include "rdpru.hpp"
#include "sampling.hpp"

namespace
{

BoundThread *mover = nullptr;
bool moves_before_reading = false;

// Of the CPU that it runs on; it moves from the first CPU to the second, before or after.
int read_and_move(krunc_session &, krunc_sample &sample)
{
    if (moves_before_reading && !mover->to(mover->cpus()[1]))
        return -1;
    krunc::write_reading(*krunc_reading_at(&sample, 0), krunc::current_cpu(), KRUNC_OK);
    return moves_before_reading || mover->to(mover->cpus()[1]) ? 0 : -1;
}

class Migration : public testing::Test
{
  protected:
    struct Memory {
        krunc_sample header;
        krunc_reading reading;
    };

    void SetUp() override
    {
        if (thread_.cpus().size() < 2)
            GTEST_SKIP() << "only one CPU is allowed";
        krunc_options options{};
        options.size = sizeof(options);
        options.scope = KRUNC_SCOPE_THREAD;
        options.ways = 1U << KRUNC_WAY_TSC;
        options.counters = options.required = KRUNC_INTERRUPTS;
        options.flags = KRUNC_PROC_INTERRUPTS | KRUNC_NO_CALIBRATION;
        ASSERT_EQ(krunc_open(&options, &session_), 0);
        mover = &thread_;
        ASSERT_TRUE(thread_.to(thread_.cpus()[0]));
    }
    ~Migration() override { krunc_close(session_); }

    // Timer interrupts that a CPU has had by now.
    std::uint32_t timers_of(unsigned cpu)
    {
        Memory memory{};
        const std::uint32_t one = cpu;
        EXPECT_EQ(krunc::read_interrupts(*session_, &one, memory.header), 0);
        return memory.reading.irq_timer;
    }

    krunc_session *session_ = nullptr;
    BoundThread thread_;
};

TEST_F(Migration, BetweenInterruptsAndCountersLeavesNoInterruptsAtTheBeginning)
{
    Memory memory{};
    moves_before_reading = true;
    ASSERT_EQ(krunc::begin_with_more<read_and_move>(session_, &memory.header), 0);
    EXPECT_EQ(memory.reading.cpu, thread_.cpus()[1]);
    EXPECT_EQ(memory.reading.valid & KRUNC_INTERRUPTS, 0U);
    ASSERT_EQ(krunc::begin_with_more<read_and_move>(session_, &memory.header), 0); // it stays
    EXPECT_NE(memory.reading.valid & KRUNC_INTERRUPTS, 0U);
}

TEST_F(Migration, BetweenCountersAndInterruptsLeavesThoseOfTheReadingsCpuAtTheEnd)
{
    Memory memory{};
    moves_before_reading = false;
    const std::uint32_t least = timers_of(thread_.cpus()[0]);
    ASSERT_EQ(krunc::end_with_more<read_and_move>(session_, &memory.header), 0);
    EXPECT_EQ(memory.reading.cpu, thread_.cpus()[0]);
    ASSERT_NE(memory.reading.valid & KRUNC_INTERRUPTS, 0U);
    EXPECT_GE(memory.reading.irq_timer, least);
    EXPECT_LE(memory.reading.irq_timer, timers_of(thread_.cpus()[0]));
}

// APERF is 10 and MPERF 20 times the number of the CPU that a register is read on.
class Rdpru : public testing::Test
{
  protected:
    // `cpus`: where the thread is at each reading of a register, and at each look.
    void read(std::vector<std::uint32_t> cpus)
    {
        std::size_t next = 0;
        const auto here = [&] { return cpus[next < cpus.size() ? next++ : cpus.size() - 1]; };
        krunc::read_frequency(
            reading_, [&](std::uint32_t which) { return std::uint64_t{which == 1 ? 10U : 20U} * here(); }, here);
    }

    static constexpr std::uint32_t both = KRUNC_APERF | KRUNC_MPERF;
    krunc_reading reading_{};
};

TEST_F(Rdpru, OfAThreadThatStaysIsRight)
{
    reading_.cpu = 3;
    read({3, 3, 3});
    EXPECT_EQ(reading_.valid, both);
    EXPECT_EQ(reading_.aperf, 30U);
    EXPECT_EQ(reading_.mperf, 60U);
    EXPECT_EQ(reading_.flags, KRUNC_READING_RDPRU);
}

TEST_F(Rdpru, OfAThreadThatHasMovedIsReadAgain)
{
    reading_.cpu = 3;
    read({3, 5, 5, 5, 5, 5});
    EXPECT_EQ(reading_.valid, both);
    EXPECT_EQ(reading_.cpu, 5U);
    EXPECT_EQ(reading_.aperf, 50U);
    EXPECT_EQ(reading_.mperf, 100U);
}

TEST_F(Rdpru, OfAThreadThatMovesOnAndOnIsMissing)
{
    reading_.cpu = 3;
    read({3, 5, 5, 5, 6, 6, 6, 7, 7});
    EXPECT_EQ(reading_.valid, 0U);
}

TEST(Store, PutsEachCounterIntoItsMember)
{
    const std::uint32_t counters[] = {KRUNC_APERF,    KRUNC_MPERF,    KRUNC_CYCLES,  KRUNC_INSTRUCTIONS,
                                      KRUNC_SMI,      KRUNC_SWITCHES, KRUNC_THERMAL, KRUNC_PACKAGE_THERMAL,
                                      KRUNC_EVENT(0), KRUNC_EVENT(3)};
    krunc_reading reading{};
    std::uint32_t all = 0;
    for (const std::uint32_t counter : counters) {
        krunc::store(reading, counter, 0x500000000 | counter);
        all |= counter;
        EXPECT_EQ(reading.valid, all);
    }
    const auto wide = [](std::uint32_t counter) { return 0x500000000 | counter; };
    EXPECT_EQ(reading.aperf, wide(KRUNC_APERF));
    EXPECT_EQ(reading.mperf, wide(KRUNC_MPERF));
    EXPECT_EQ(reading.cycles, wide(KRUNC_CYCLES));
    EXPECT_EQ(reading.instructions, wide(KRUNC_INSTRUCTIONS));
    EXPECT_EQ(reading.smi, KRUNC_SMI);
    EXPECT_EQ(reading.switches, KRUNC_SWITCHES);
    EXPECT_EQ(reading.thermal, KRUNC_THERMAL);
    EXPECT_EQ(reading.package_thermal, KRUNC_PACKAGE_THERMAL);
    EXPECT_EQ(reading.events[0], wide(KRUNC_EVENT(0)));
    EXPECT_EQ(reading.events[3], wide(KRUNC_EVENT(3)));
    krunc::store(reading, 0, 1); // a companion
    krunc::store(reading, KRUNC_INTERRUPTS, 1);
    EXPECT_EQ(reading.valid, all);
}

} // namespace
