// SPDX-License-Identifier: MIT
// <krun/counters_values.hpp>: what sessions take and give, and that a missing value is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <krun/counters.hpp>

namespace
{

using testing::ElementsAre;

TEST(Error, IsFalseWithoutANumberAndTakesTheLibrarysSign)
{
    EXPECT_FALSE(krunc::Error());
    EXPECT_FALSE(krunc::Error(0));
    EXPECT_EQ(krunc::Error(-EBUSY).number(), EBUSY);
    EXPECT_EQ(krunc::Error(EBUSY).number(), EBUSY);
    EXPECT_EQ(krunc::Error(-ENOENT).message(), "No such file or directory");
}

TEST(Cpus, AreAMaskAsTheLibraryTakesIt)
{
    krunc::Cpus cpus{0, 2, 65};
    ASSERT_EQ(cpus.size(), 16U);
    const auto *bytes = static_cast<const unsigned char *>(cpus.data());
    EXPECT_EQ(bytes[0], 5);
    EXPECT_EQ(bytes[8], 2);
    EXPECT_TRUE(cpus.possible());
    EXPECT_FALSE(cpus.empty());
}

TEST(Cpus, NoneStandForEveryOnlineCpu)
{
    const krunc::Cpus none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.data(), nullptr);
    EXPECT_EQ(none.size(), 0U);
}

TEST(Cpus, BeyondTheLimitAreAnErrorAndNotDropped)
{
    EXPECT_TRUE(krunc::Cpus{krunc::Cpus::limit - 1}.possible());
    const krunc::Cpus beyond{0, krunc::Cpus::limit};
    EXPECT_FALSE(beyond.possible());
    krunc::Options options;
    options.cpus = beyond;
    EXPECT_EQ(krunc::Session::open(options).error().number(), EINVAL);
}

TEST(Delta, OfNothingHasNoValues)
{
    const krunc::Delta delta;
    EXPECT_EQ(delta.raw().size, sizeof(krunc_delta));
    for (const auto &value : {delta.aperf(), delta.mperf(), delta.cycles(), delta.instructions(), delta.clock(),
                              delta.voluntary(), delta.involuntary(), delta.event(0), delta.event(3), delta.event(4),
                              delta.mperf_error(), delta.cycles_error(), delta.instructions_error()})
        EXPECT_EQ(value, std::nullopt);
    for (const auto &value : {delta.seconds(), delta.ratio(), delta.ratio_error(), delta.frequency(), delta.busy()})
        EXPECT_EQ(value, std::nullopt);
    EXPECT_EQ(delta.smi(), std::nullopt);
    EXPECT_EQ(delta.switches(), std::nullopt);
    EXPECT_FALSE(delta.interrupts());
}

// Each accessor has its own bit and its own member.
TEST(Delta, GivesWhatItsBitNames)
{
    const auto with = [](std::uint32_t valid, std::uint32_t derived) {
        krunc::Delta delta;
        auto &raw = delta.raw();
        raw.valid = valid;
        raw.derived = derived;
        raw.aperf = 1, raw.mperf = 2, raw.cycles = 3, raw.instructions = 4, raw.smi = 5, raw.switches = 6;
        raw.clock = 7, raw.voluntary = 8, raw.involuntary = 9, raw.events[0] = 10, raw.events[3] = 13;
        raw.mperf_error = 14, raw.cycles_error = 15, raw.instructions_error = 16;
        raw.seconds = 1.5, raw.ratio = 2.5, raw.ratio_error = 3.5, raw.frequency = 4.5, raw.busy = 0.5;
        return delta;
    };
    EXPECT_EQ(with(KRUNC_APERF, 0).aperf(), 1U);
    EXPECT_EQ(with(~KRUNC_APERF, ~0U).aperf(), std::nullopt);
    EXPECT_EQ(with(KRUNC_MPERF, 0).mperf(), 2U);
    EXPECT_EQ(with(~KRUNC_MPERF, ~0U).mperf(), std::nullopt);
    EXPECT_EQ(with(KRUNC_CYCLES, 0).cycles(), 3U);
    EXPECT_EQ(with(~KRUNC_CYCLES, ~0U).cycles(), std::nullopt);
    EXPECT_EQ(with(KRUNC_INSTRUCTIONS, 0).instructions(), 4U);
    EXPECT_EQ(with(~KRUNC_INSTRUCTIONS, ~0U).instructions(), std::nullopt);
    EXPECT_EQ(with(KRUNC_SMI, 0).smi(), 5U);
    EXPECT_EQ(with(~KRUNC_SMI, ~0U).smi(), std::nullopt);
    EXPECT_EQ(with(KRUNC_SWITCHES, 0).switches(), 6U);
    EXPECT_EQ(with(~KRUNC_SWITCHES, ~0U).switches(), std::nullopt);
    EXPECT_EQ(with(KRUNC_CLOCK, 0).clock(), 7U);
    EXPECT_EQ(with(~KRUNC_CLOCK, ~0U).clock(), std::nullopt);
    EXPECT_EQ(with(KRUNC_THREAD_SWITCHES, 0).voluntary(), 8U);
    EXPECT_EQ(with(KRUNC_THREAD_SWITCHES, 0).involuntary(), 9U);
    EXPECT_EQ(with(~KRUNC_THREAD_SWITCHES, ~0U).voluntary(), std::nullopt);
    EXPECT_EQ(with(KRUNC_EVENT(0), 0).event(0), 10U);
    EXPECT_EQ(with(KRUNC_EVENT(3), 0).event(3), 13U);
    EXPECT_EQ(with(~KRUNC_EVENT(3), ~0U).event(3), std::nullopt);
    EXPECT_EQ(with(~0U, ~0U).event(4), std::nullopt);
    EXPECT_EQ(with(0, KRUNC_D_MPERF_ERROR).mperf_error(), 14U);
    EXPECT_EQ(with(0, KRUNC_D_CYCLES_ERROR).cycles_error(), 15U);
    EXPECT_EQ(with(0, KRUNC_D_INSTRUCTIONS_ERROR).instructions_error(), 16U);
    EXPECT_EQ(with(~0U, ~KRUNC_D_INSTRUCTIONS_ERROR).instructions_error(), std::nullopt);
    EXPECT_EQ(with(0, KRUNC_D_TIME).seconds(), 1.5);
    EXPECT_EQ(with(0, KRUNC_D_RATIO).ratio(), 2.5);
    EXPECT_EQ(with(0, KRUNC_D_RATIO).ratio_error(), 3.5);
    EXPECT_EQ(with(0, KRUNC_D_FREQUENCY).frequency(), 4.5);
    EXPECT_EQ(with(0, KRUNC_D_BUSY).busy(), 0.5);
    EXPECT_EQ(with(~0U, ~KRUNC_D_BUSY).busy(), std::nullopt);
}

TEST(Delta, CountsInterruptsWithoutThoseOfItsOwnSamples)
{
    krunc::Delta delta;
    auto &raw = delta.raw();
    raw.valid = KRUNC_INTERRUPTS;
    raw.irq_timer = 1, raw.irq_reschedule = 2, raw.irq_call = 4, raw.irq_device = 8, raw.irq_nmi = 16;
    raw.irq_other = 0xffffffff, raw.own = 64, raw.sampled_by_others = 32;
    const auto interrupts = delta.interrupts();
    ASSERT_TRUE(interrupts);
    EXPECT_EQ(interrupts->total(), 0xffffffffULL + 31 + 32);
    const auto &all = *interrupts;
    EXPECT_THAT((std::vector{all.timer, all.reschedule, all.call, all.device, all.nmi, all.own, all.sampled_by_others}),
                ElementsAre(1, 2, 4, 8, 16, 64, 32));
}

TEST(Delta, SaysWhatIsSoWhatIsNotAndWhatNobodyKnows)
{
    krunc::Delta delta;
    delta.raw().quality = KRUNC_Q_SMI | KRUNC_Q_VIRTUAL;
    delta.raw().unknown = KRUNC_Q_THROTTLED;
    EXPECT_EQ(delta.is(KRUNC_Q_SMI), true);
    EXPECT_EQ(delta.is(KRUNC_Q_THROTTLED), std::nullopt);
    EXPECT_EQ(delta.is(KRUNC_Q_EPOCH), false);
}

TEST(Verdict, HasItsCausesInItsText)
{
    krunc::Verdict verdict;
    EXPECT_TRUE(verdict.clean());
    EXPECT_EQ(krunc::text(verdict), krunc::verdict_name(KRUNC_CLEAN));
    auto &raw = verdict.raw();
    raw.kind = KRUNC_DISTURBED;
    raw.causes = 1U << KRUNC_CAUSE_SMI | 1U << KRUNC_CAUSE_THROTTLED;
    raw.notes = 1U << KRUNC_CAUSE_SLEPT;
    raw.counts[KRUNC_CAUSE_SMI] = 3;
    raw.counts[KRUNC_CAUSE_THROTTLED] = 1;
    EXPECT_FALSE(verdict.clean());
    EXPECT_TRUE(verdict.caused_by(KRUNC_CAUSE_SMI));
    EXPECT_FALSE(verdict.caused_by(KRUNC_CAUSE_SLEPT));
    EXPECT_TRUE(verdict.noted(KRUNC_CAUSE_SLEPT));
    EXPECT_EQ(verdict.count(KRUNC_CAUSE_SMI), 3U);
    EXPECT_EQ(krunc::text(verdict), std::string(krunc::verdict_name(KRUNC_DISTURBED)) + ": " +
                                        krunc::cause_name(KRUNC_CAUSE_SMI) + " (3), " +
                                        krunc::cause_name(KRUNC_CAUSE_THROTTLED));
}

} // namespace
