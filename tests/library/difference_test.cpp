// SPDX-License-Identifier: MIT
// What two samples say, and what they must not.
#include <cerrno>
#include <cstring>

#include "two_samples.hpp"

namespace
{

using Difference = TwoSamples;

TEST_F(Difference, OfAStretchInWhichNothingHappened)
{
    const auto delta = difference();
    EXPECT_EQ(delta.cpu, 3U);
    EXPECT_EQ(delta.status, static_cast<std::uint32_t>(KRUNC_OK));
    EXPECT_EQ(delta.valid, measured | KRUNC_CLOCK | KRUNC_THREAD_SWITCHES);
    EXPECT_EQ(delta.aperf, 1500000000U);
    EXPECT_EQ(delta.mperf, 1000000000U);
    EXPECT_EQ(delta.cycles, 1500000100U);
    EXPECT_EQ(delta.instructions, 3000000000U);
    EXPECT_EQ(delta.clock, second);
    EXPECT_EQ(delta.quality, 0U);
    EXPECT_EQ(delta.unknown,
              static_cast<std::uint32_t>(KRUNC_Q_VIRTUAL | KRUNC_Q_SIBLING)); // the sibling is not sampled
}

TEST_F(Difference, HasWhatFollowsFromTheCounts)
{
    const auto delta = difference();
    EXPECT_DOUBLE_EQ(delta.seconds, 1);
    EXPECT_DOUBLE_EQ(delta.ratio, 1.5);
    EXPECT_DOUBLE_EQ(delta.ratio_error, 2.0 * 20 / 1e9);
    EXPECT_DOUBLE_EQ(delta.frequency, 1.5e9);
    EXPECT_DOUBLE_EQ(delta.busy, 1);
    EXPECT_EQ(delta.ticks, second);
    EXPECT_EQ(delta.ticks_least, second - 10);
    EXPECT_EQ(delta.ticks_most, second + 10);
}

// From the edges, 100 and 50 ticks away, and the two spans of 10.
TEST_F(Difference, BoundsItsErrors)
{
    auto delta = difference();
    EXPECT_EQ(delta.mperf_error, 170U);
    EXPECT_EQ(delta.cycles_error, 2 * 170U + 1);
    EXPECT_EQ(delta.instructions_error, 16 * (2 * 170U + 1));
    EXPECT_EQ(delta.derived & (KRUNC_D_MPERF_ERROR | KRUNC_D_CYCLES_ERROR | KRUNC_D_INSTRUCTIONS_ERROR),
              static_cast<std::uint32_t>(KRUNC_D_MPERF_ERROR | KRUNC_D_CYCLES_ERROR | KRUNC_D_INSTRUCTIONS_ERROR));
    facts.max_ratio = 0;
    delta = difference();
    EXPECT_EQ(delta.derived & (KRUNC_D_CYCLES_ERROR | KRUNC_D_INSTRUCTIONS_ERROR), 0U);
    EXPECT_EQ(delta.derived & KRUNC_D_MPERF_ERROR, static_cast<std::uint32_t>(KRUNC_D_MPERF_ERROR));
}

TEST_F(Difference, HasNoBoundWhereACpuWasIdle)
{
    a().status = KRUNC_IDLE;
    const auto delta = difference();
    EXPECT_EQ(delta.quality & KRUNC_Q_IDLE, static_cast<std::uint32_t>(KRUNC_Q_IDLE));
    EXPECT_EQ(delta.derived & (KRUNC_D_MPERF_ERROR | KRUNC_D_CYCLES_ERROR), 0U);
    EXPECT_EQ(delta.mperf, second);
}

TEST_F(Difference, HasNothingForACounterThatOneEndLacks)
{
    a().valid &= ~KRUNC_CYCLES;
    const auto delta = difference();
    EXPECT_EQ(delta.valid & KRUNC_CYCLES, 0U);
    EXPECT_EQ(delta.cycles, 0U);
    EXPECT_EQ(delta.aperf, 1500000000U);
}

TEST_F(Difference, HasNothingOfAnotherEpoch)
{
    b().epoch = 2;
    const auto delta = difference();
    EXPECT_EQ(delta.quality & KRUNC_Q_EPOCH, static_cast<std::uint32_t>(KRUNC_Q_EPOCH));
    EXPECT_EQ(delta.valid, static_cast<std::uint32_t>(KRUNC_CLOCK | KRUNC_THREAD_SWITCHES));
    EXPECT_EQ(delta.derived, 0U);
    EXPECT_EQ(delta.mperf, 0U);
}

TEST_F(Difference, TakesACounterThatBecameSmallerForAnotherEpoch)
{
    b().instructions = a().instructions - 1;
    const auto delta = difference();
    EXPECT_EQ(delta.quality & KRUNC_Q_EPOCH, static_cast<std::uint32_t>(KRUNC_Q_EPOCH));
    EXPECT_EQ(delta.instructions, 0U);
}

TEST_F(Difference, KnowsFromPerfsTimeThatACounterHasPaused)
{
    facts.way = KRUNC_WAY_PERF;
    a().running = 5;
    b().running = 5 + 999000000; // of a second: within what reading takes
    EXPECT_EQ(difference().quality & KRUNC_Q_EPOCH, 0U);
    b().running = 5 + 900000000;
    EXPECT_EQ(difference().quality & KRUNC_Q_EPOCH, static_cast<std::uint32_t>(KRUNC_Q_EPOCH));
}

// The device writes no time; the caller's memory may hold anything there.
TEST_F(Difference, KnowsNoPauseInOtherWays)
{
    a().running = 123;
    b().running = ~0ULL;
    EXPECT_EQ(difference().quality & KRUNC_Q_EPOCH, 0U);
}

TEST_F(Difference, HasNothingOfTornReadings)
{
    b().sequence_after = 6;
    EXPECT_EQ(difference().quality & KRUNC_Q_TORN, static_cast<std::uint32_t>(KRUNC_Q_TORN));
    b().sequence = b().sequence_after = 5;
    const auto delta = difference();
    EXPECT_EQ(delta.quality & KRUNC_Q_TORN, static_cast<std::uint32_t>(KRUNC_Q_TORN));
    EXPECT_EQ(delta.valid & measured, 0U);
}

TEST_F(Difference, SaysWhyAnEndWasNotRead)
{
    for (const auto status : {KRUNC_EMPTY, KRUNC_UNSUPPORTED, KRUNC_BUSY, KRUNC_SKIPPED, KRUNC_SHIELDED}) {
        b().status = static_cast<std::uint16_t>(status);
        const auto delta = difference();
        EXPECT_EQ(delta.status, static_cast<std::uint32_t>(status));
        EXPECT_EQ(delta.quality & (KRUNC_Q_MISSING | KRUNC_Q_OFFLINE), static_cast<std::uint32_t>(KRUNC_Q_MISSING));
        EXPECT_EQ(delta.valid & measured, 0U);
    }
    b().status = KRUNC_OFFLINE;
    EXPECT_EQ(difference().quality & (KRUNC_Q_MISSING | KRUNC_Q_OFFLINE), static_cast<std::uint32_t>(KRUNC_Q_OFFLINE));
}

TEST_F(Difference, SaysWhoMissedARendezvous)
{
    a().flags = KRUNC_READING_LATE;
    EXPECT_EQ(difference().quality & KRUNC_Q_LATE, static_cast<std::uint32_t>(KRUNC_Q_LATE));
}

TEST_F(Difference, CountsModuloTheirWidth)
{
    a().switches = a().irq_device = 0xfffffffe;
    b().switches = b().irq_device = 3;
    const auto delta = difference();
    EXPECT_EQ(delta.switches, 5U);
    EXPECT_EQ(delta.irq_device, 5U);
    EXPECT_EQ(delta.quality, static_cast<std::uint32_t>(KRUNC_Q_INTERRUPTED | KRUNC_Q_SWITCHED));
}

TEST_F(Difference, DoesNotCountKrunsInterruptsAsCalls)
{
    b().irq_call = 9;
    b().own = 4;
    auto delta = difference();
    EXPECT_EQ(delta.irq_call, 5U);
    EXPECT_EQ(delta.own, 4U);
    EXPECT_EQ(delta.sampled_by_others, 4U); // no sample of ours interrupts the caller's CPU
    before.header.cpu = after.header.cpu = 1;
    delta = difference();
    EXPECT_EQ(delta.sampled_by_others, 3U); // one was ours
    b().own = 0;
    EXPECT_EQ(difference().sampled_by_others, 0U);
}

TEST_F(Difference, KnowsThatItsOwnReadingCalledOtherCpusWithoutTheDevice)
{
    facts.way = KRUNC_WAY_MSR;
    before.header.cpu = after.header.cpu = 1;
    b().irq_call = 6;
    b().own = 6;
    const auto delta = difference();
    EXPECT_EQ(delta.irq_call, 0U);
    EXPECT_EQ(delta.sampled_by_others, 0U);
    EXPECT_EQ(delta.quality & KRUNC_Q_INTERRUPTED, 0U);
}

TEST_F(Difference, SaysWhetherTheCallerMigrated)
{
    const auto migrated = [&] {
        const auto delta = difference();
        return (delta.quality & KRUNC_Q_MIGRATED) != 0 ? 'y' : (delta.unknown & KRUNC_Q_MIGRATED) != 0 ? '?' : 'n';
    };
    EXPECT_EQ(migrated(), 'n');
    after.header.voluntary = 1;
    EXPECT_EQ(migrated(), 'n'); // there was no switch on its CPU
    b().switches = 2;
    EXPECT_EQ(migrated(), '?'); // it may have been away
    after.header.cpu = 5;
    EXPECT_EQ(migrated(), 'y');
    before.header.cpu = after.header.cpu = KRUNC_NO_CPU;
    EXPECT_EQ(migrated(), '?');
}

TEST_F(Difference, OfAThreadGoesOnWhereItMigratesTo)
{
    facts.scope = KRUNC_SCOPE_THREAD;
    facts.way = KRUNC_WAY_PERF;
    after.header.cpu = b().cpu = 5;
    EXPECT_EQ(difference().valid & measured, 0U); // the CPUs' counters: they are not those of one CPU
    a().flags = b().flags = KRUNC_READING_THREAD;
    auto delta = difference();
    EXPECT_EQ(delta.cycles, 1500000100U);
    EXPECT_EQ(delta.valid & (KRUNC_INTERRUPTS | KRUNC_SWITCHES), 0U);
    EXPECT_EQ(delta.quality & KRUNC_Q_MIGRATED, static_cast<std::uint32_t>(KRUNC_Q_MIGRATED));
    a().flags = b().flags = KRUNC_READING_THREAD | KRUNC_READING_RDPRU;
    delta = difference();
    EXPECT_EQ(delta.valid & (KRUNC_APERF | KRUNC_MPERF), 0U);
    EXPECT_EQ(delta.cycles, 1500000100U);
}

TEST_F(Difference, HasNoSwitchesOfACallerThatRanElsewhere)
{
    before.header.cpu = after.header.cpu = 1;
    after.header.involuntary = 7;
    EXPECT_EQ(difference().valid & KRUNC_THREAD_SWITCHES, 0U);
    before.header.cpu = after.header.cpu = KRUNC_NO_CPU;
    EXPECT_EQ(difference().involuntary, 7U);
}

TEST_F(Difference, SaysWhetherTheCpuWasThrottled)
{
    const auto throttled = [&](std::uint32_t first, std::uint32_t last) {
        a().thermal = first;
        b().thermal = last;
        const auto delta = difference();
        return (delta.quality & KRUNC_Q_THROTTLED) != 0 ? 'y' : (delta.unknown & KRUNC_Q_THROTTLED) != 0 ? '?' : 'n';
    };
    EXPECT_EQ(throttled(0x88000000, 0x88000000), 'n');     // digital readout and its validity
    EXPECT_EQ(throttled(0, 1U << 0), 'y');                 // too hot at the end
    EXPECT_EQ(throttled(1U << 2, 0), 'y');                 // PROCHOT# at the beginning
    EXPECT_EQ(throttled(0, 1U << 11), 'y');                // power was limited in between
    EXPECT_EQ(throttled(1U << 1, 1U << 1), '?');           // it was once, perhaps again
    EXPECT_EQ(throttled(1U << 6 | 1U << 8, 1U << 7), 'n'); // thresholds that somebody set: no throttling
    a().valid &= ~KRUNC_THERMAL;
    EXPECT_EQ(throttled(0, 0), '?');
    a().valid |= KRUNC_PACKAGE_THERMAL;
    b().valid |= KRUNC_PACKAGE_THERMAL;
    b().package_thermal = 1U << 5;
    EXPECT_EQ(throttled(0, 0), 'y');
    EXPECT_EQ(difference().throttle, 1U << 5);
}

TEST_F(Difference, KnowsOfSmisWhatTheMachineCan)
{
    EXPECT_EQ(difference().unknown & KRUNC_Q_SMI, 0U);
    facts.features = KRUNC_FEATURE_VIRTUAL; // its host's are not counted
    EXPECT_EQ(difference().unknown & KRUNC_Q_SMI, static_cast<std::uint32_t>(KRUNC_Q_SMI));
    b().smi = 1;
    EXPECT_EQ(difference().quality & KRUNC_Q_SMI, static_cast<std::uint32_t>(KRUNC_Q_SMI));
    b().valid &= ~KRUNC_SMI;
    EXPECT_EQ(difference().unknown & KRUNC_Q_SMI, static_cast<std::uint32_t>(KRUNC_Q_SMI));
}

TEST_F(Difference, SaysWhetherTheSiblingWasBusy)
{
    before.header.readings = after.header.readings = 2;
    before.readings[1] = a();
    after.readings[1] = b();
    before.readings[1].cpu = after.readings[1].cpu = 7;
    EXPECT_EQ(difference().quality & KRUNC_Q_SIBLING, static_cast<std::uint32_t>(KRUNC_Q_SIBLING));
    after.readings[1].mperf = before.readings[1].mperf + second / 1000;
    EXPECT_EQ((difference().quality | difference().unknown) & KRUNC_Q_SIBLING, 0U);
    cpus_[3].sibling = -1;
    EXPECT_EQ(difference().unknown & KRUNC_Q_SIBLING, 0U);
}

TEST_F(Difference, SaysWhetherTheMachineWasSuspended)
{
    after.header.suspended = 1000; // two clocks are not read at once
    EXPECT_EQ((difference().quality | difference().unknown) & KRUNC_Q_SUSPENDED, 0U);
    after.header.suspended = second;
    EXPECT_EQ(difference().quality & KRUNC_Q_SUSPENDED, static_cast<std::uint32_t>(KRUNC_Q_SUSPENDED));
    after.header.valid = 0;
    EXPECT_EQ(difference().unknown & KRUNC_Q_SUSPENDED, static_cast<std::uint32_t>(KRUNC_Q_SUSPENDED));
}

TEST_F(Difference, TakesItsOwnCostOffOnRequest)
{
    facts.least.valid = KRUNC_CYCLES | KRUNC_INSTRUCTIONS;
    facts.least.pairs = 31;
    facts.least.cycles = 100;
    facts.least.instructions = 4000000000;
    EXPECT_EQ(difference().cycles, 1500000100U);
    const auto delta = difference(KRUNC_SUBTRACT_COST);
    EXPECT_EQ(delta.cycles, 1500000000U);
    EXPECT_EQ(delta.instructions, 0U); // no less
    EXPECT_EQ(delta.mperf, second);    // whose cost is not known
    before.header.cpu = 1;             // not the caller's CPU
    EXPECT_EQ(difference(KRUNC_SUBTRACT_COST).cycles, 1500000100U);
}

TEST_F(Difference, RefusesBadArguments)
{
    krunc_delta delta{};
    delta.size = sizeof(delta);
    const auto call = [&](const krunc_facts *f, const krunc_sample *from, const krunc_sample *to, std::uint32_t index,
                          std::uint32_t flags,
                          krunc_delta *out) { return krunc_difference(f, from, to, index, flags, out); };
    EXPECT_EQ(call(nullptr, &before.header, &after.header, 0, 0, &delta), -EINVAL);
    EXPECT_EQ(call(&facts, nullptr, &after.header, 0, 0, &delta), -EINVAL);
    EXPECT_EQ(call(&facts, &before.header, nullptr, 0, 0, &delta), -EINVAL);
    EXPECT_EQ(call(&facts, &before.header, &after.header, 0, 0, nullptr), -EINVAL);
    EXPECT_EQ(call(&facts, &before.header, &after.header, 1, 0, &delta), -EINVAL);
    EXPECT_EQ(call(&facts, &before.header, &after.header, 0, 2, &delta), -EINVAL);
    delta.size = 3;
    EXPECT_EQ(call(&facts, &before.header, &after.header, 0, 0, &delta), -EINVAL);
    delta.size = 0x5a5a5a5a; // was never set
    EXPECT_EQ(call(&facts, &before.header, &after.header, 0, 0, &delta), -E2BIG);
    facts.size = 0;
    delta.size = sizeof(delta);
    EXPECT_EQ(call(&facts, &before.header, &after.header, 0, 0, &delta), -EINVAL);
}

// A program that was compiled with an earlier, shorter structure, and one with a later, longer one.
TEST_F(Difference, FitsCallersOfOtherVersions)
{
    struct {
        krunc_delta delta;
        std::uint64_t later;
    } memory;
    std::memset(&memory, 0xff, sizeof(memory));
    memory.delta.size = offsetof(krunc_delta, ticks);
    EXPECT_EQ(krunc_difference(&facts, &before.header, &after.header, 0, 0, &memory.delta), 0);
    EXPECT_EQ(memory.delta.cpu, 3U);
    EXPECT_EQ(memory.delta.size, offsetof(krunc_delta, ticks));
    EXPECT_EQ(memory.delta.ticks, UINT64_MAX);
    memory.delta.size = sizeof(memory);
    EXPECT_EQ(krunc_difference(&facts, &before.header, &after.header, 0, 0, &memory.delta), 0);
    EXPECT_EQ(memory.delta.ticks, second);
    EXPECT_EQ(memory.later, 0U);
}

} // namespace
