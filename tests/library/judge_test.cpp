// SPDX-License-Identifier: MIT
// Verdicts: what is a disturbance, what is none, and what cannot be known.
#include <cerrno>
#include <cmath>

#include "two_samples.hpp"

namespace
{

class Judge : public TwoSamples
{
  protected:
    void expect(krunc_verdict_kind kind, std::uint32_t causes, std::uint32_t notes = 0)
    {
        const auto found = verdict();
        EXPECT_STREQ(krunc_verdict_name(found.kind), krunc_verdict_name(kind));
        EXPECT_EQ(found.causes, causes);
        EXPECT_EQ(found.notes, notes);
        EXPECT_EQ(found.cpu, 3U);
    }

    static constexpr std::uint32_t one(krunc_cause cause) { return 1U << cause; }
};

TEST_F(Judge, CallsAQuietStretchClean) { expect(KRUNC_CLEAN, 0); }

TEST_F(Judge, CallsCountsUnusableThatDidNotCountThrough)
{
    b().epoch = 2;
    b().irq_device = 1000000; // which is no matter any more
    expect(KRUNC_UNUSABLE, one(KRUNC_CAUSE_EPOCH));
    b().status = KRUNC_OFFLINE;
    expect(KRUNC_UNUSABLE, one(KRUNC_CAUSE_OFFLINE));
    b().status = KRUNC_BUSY;
    expect(KRUNC_UNUSABLE, one(KRUNC_CAUSE_MISSING));
    b().status = KRUNC_OK;
    b().sequence = 5;
    expect(KRUNC_UNUSABLE, one(KRUNC_CAUSE_TORN));
}

TEST_F(Judge, NamesASuspendAndNotWhatFollowsFromIt)
{
    after.header.suspended = second;
    b().epoch = 3;
    expect(KRUNC_UNUSABLE, one(KRUNC_CAUSE_SUSPENDED));
}

TEST_F(Judge, FindsSystemManagementInterrupts)
{
    b().smi = 2;
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_SMI));
    EXPECT_EQ(verdict().counts[KRUNC_CAUSE_SMI], 2U);
}

TEST_F(Judge, FindsThrottling)
{
    b().thermal = 1U << 3;
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_THROTTLED));
}

TEST_F(Judge, FindsOtherTasks)
{
    b().switches = 2;
    after.header.involuntary = 1;
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_INVOLUNTARY));
}

TEST_F(Judge, TakesSleepForNoDisturbance)
{
    b().switches = 8;
    after.header.voluntary = 4;
    expect(KRUNC_CLEAN, 0, one(KRUNC_CAUSE_SLEPT));
}

TEST_F(Judge, TakesSwitchesForADisturbanceWhenItIsNotKnownWhy)
{
    before.header.valid = 0;
    b().switches = 8;
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_SWITCHES));
}

// A hundred of 10 us are a thousandth of a second.
TEST_F(Judge, AllowsInterruptsAThousandthOfTheTime)
{
    b().irq_device = 60;
    b().irq_reschedule = 40;
    expect(KRUNC_CLEAN, 0, one(KRUNC_CAUSE_DEVICE) | one(KRUNC_CAUSE_RESCHEDULE));
    b().irq_reschedule = 41;
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_DEVICE) | one(KRUNC_CAUSE_RESCHEDULE));
    EXPECT_EQ(verdict().counts[KRUNC_CAUSE_RESCHEDULE], 41U);
}

TEST_F(Judge, FindsEachKindOfInterrupt)
{
    const struct {
        std::uint32_t krunc_reading::*member;
        krunc_cause cause;
    } kinds[] = {{&krunc_reading::irq_reschedule, KRUNC_CAUSE_RESCHEDULE},
                 {&krunc_reading::irq_call, KRUNC_CAUSE_CALL},
                 {&krunc_reading::irq_device, KRUNC_CAUSE_DEVICE},
                 {&krunc_reading::irq_nmi, KRUNC_CAUSE_NMI},
                 {&krunc_reading::irq_other, KRUNC_CAUSE_OTHER}};
    for (const auto &kind : kinds) {
        b().*kind.member = 101;
        expect(KRUNC_DISTURBED, one(kind.cause));
        b().*kind.member = 0;
    }
    b().irq_call = b().own = 101; // Krun's, but not ours
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_SAMPLED));
}

TEST_F(Judge, FollowsTheCallersCriteria)
{
    krunc_criteria criteria{};
    criteria.size = sizeof(criteria);
    b().irq_device = 60;
    criteria.interrupt_seconds = 20e-6;
    EXPECT_EQ(verdict(&criteria).kind, static_cast<std::uint32_t>(KRUNC_DISTURBED));
    criteria.share = 0.01;
    EXPECT_EQ(verdict(&criteria).kind, static_cast<std::uint32_t>(KRUNC_CLEAN));
}

TEST_F(Judge, AllowsNoInterruptIfToldSo)
{
    krunc_criteria criteria{};
    criteria.size = sizeof(criteria);
    b().irq_device = 1;
    EXPECT_EQ(verdict(&criteria).kind, static_cast<std::uint32_t>(KRUNC_CLEAN)); // 0: the default
    criteria.flags = KRUNC_SET_SHARE;
    EXPECT_EQ(verdict(&criteria).kind, static_cast<std::uint32_t>(KRUNC_DISTURBED));
    b().irq_device = 0;
    EXPECT_EQ(verdict(&criteria).kind, static_cast<std::uint32_t>(KRUNC_CLEAN));
    b().irq_timer = 1; // of an adaptive-tick CPU
    EXPECT_EQ(verdict(&criteria).kind, static_cast<std::uint32_t>(KRUNC_TICKING));
}

TEST_F(Judge, TakesInterruptsForFreeIfToldSo)
{
    krunc_criteria criteria{};
    criteria.size = sizeof(criteria);
    b().irq_device = 1000000;
    EXPECT_EQ(verdict(&criteria).kind, static_cast<std::uint32_t>(KRUNC_DISTURBED));
    criteria.flags = KRUNC_SET_INTERRUPT_SECONDS;
    const auto found = verdict(&criteria);
    EXPECT_EQ(found.kind, static_cast<std::uint32_t>(KRUNC_CLEAN));
    EXPECT_EQ(found.notes, one(KRUNC_CAUSE_DEVICE));
}

TEST_F(Judge, TellsATickFromAStormOfTimers)
{
    cpus_[3].flags = 0; // has a tick
    b().irq_timer = 1;
    expect(KRUNC_TICKING, one(KRUNC_CAUSE_TIMER));
    b().irq_timer = 252; // HZ times a second, and 2
    expect(KRUNC_TICKING, one(KRUNC_CAUSE_TIMER));
    b().irq_timer = 253;
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_TIMER));
    facts.tick_hz = 0; // not known: no kernel has more than 1000
    expect(KRUNC_TICKING, one(KRUNC_CAUSE_TIMER));
}

TEST_F(Judge, AllowsAnAdaptiveTickCpuAFewTimers)
{
    b().irq_timer = 100;
    expect(KRUNC_CLEAN, 0, one(KRUNC_CAUSE_TIMER));
    b().irq_timer = 101;
    expect(KRUNC_TICKING, one(KRUNC_CAUSE_TIMER));
    b().irq_timer = 253;
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_TIMER));
}

TEST_F(Judge, LeavesOpenWhatCouldNotBeSeen)
{
    a().valid &= ~KRUNC_INTERRUPTS;
    expect(KRUNC_UNDECIDED, 0);
    b().smi = 1; // what was found, was found
    expect(KRUNC_DISTURBED, one(KRUNC_CAUSE_SMI));
}

TEST_F(Judge, CallsCountsUnusableOfACpuThatTheThreadLeft)
{
    facts.scope = KRUNC_SCOPE_THREAD;
    after.header.cpu = b().cpu = 5;
    const auto found = verdict();
    EXPECT_EQ(found.kind, static_cast<std::uint32_t>(KRUNC_UNUSABLE));
    EXPECT_EQ(found.causes, one(KRUNC_CAUSE_MIGRATED));
    a().flags = b().flags = KRUNC_READING_THREAD;
    EXPECT_EQ(verdict().kind, static_cast<std::uint32_t>(KRUNC_DISTURBED)); // the counts went along
}

TEST_F(Judge, RefusesBadArguments)
{
    const krunc_delta delta = difference();
    krunc_verdict found{};
    found.size = sizeof(found);
    EXPECT_EQ(krunc_judge(nullptr, &delta, nullptr, &found), -EINVAL);
    EXPECT_EQ(krunc_judge(&facts, nullptr, nullptr, &found), -EINVAL);
    EXPECT_EQ(krunc_judge(&facts, &delta, nullptr, nullptr), -EINVAL);
    krunc_criteria criteria{};
    EXPECT_EQ(krunc_judge(&facts, &delta, &criteria, &found), -EINVAL); // its size is 0
    criteria.size = sizeof(criteria);
    criteria.share = 1.5;
    EXPECT_EQ(krunc_judge(&facts, &delta, &criteria, &found), -EINVAL);
    criteria.share = std::nan("");
    EXPECT_EQ(krunc_judge(&facts, &delta, &criteria, &found), -EINVAL);
    criteria.share = 0;
    criteria.interrupt_seconds = -1;
    EXPECT_EQ(krunc_judge(&facts, &delta, &criteria, &found), -EINVAL);
    criteria.interrupt_seconds = 0;
    criteria.flags = 1U << 2;
    EXPECT_EQ(krunc_judge(&facts, &delta, &criteria, &found), -EINVAL);
}

} // namespace
