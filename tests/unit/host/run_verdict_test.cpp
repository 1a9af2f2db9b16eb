// SPDX-License-Identifier: MIT
// A run's verdict: of one CPU and of several, and when there is none.
#include "host/run_verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

using testing::HasSubstr;

krunc_facts facts()
{
    krunc_facts facts{};
    facts.size = sizeof(facts);
    facts.way = KRUNC_WAY_DEVICE;
    facts.tick_hz = 250;
    return facts;
}

// A second without any disturbance.
krunc_delta quiet(std::uint32_t cpu)
{
    krunc_delta delta{};
    delta.size = sizeof(delta);
    delta.cpu = cpu;
    delta.status = KRUNC_OK;
    delta.valid = KRUNC_CYCLES | KRUNC_INTERRUPTS | KRUNC_CLOCK;
    delta.derived = KRUNC_D_TIME;
    delta.unknown = KRUNC_Q_SWITCHED | KRUNC_Q_MIGRATED;
    delta.seconds = 1;
    return delta;
}

MeasuredRun run_on(std::vector<int> cpus)
{
    MeasuredRun run;
    run.windows = 1;
    run.seconds = 1;
    run.bound = std::move(cpus);
    for (std::uint32_t cpu = 0; cpu < 4; cpu++)
        run.deltas.push_back(quiet(cpu));
    run.switches = TaskSwitches{};
    return run;
}

TEST(RunVerdictTest, AQuietRunIsClean)
{
    const auto verdict = judge_run(facts(), run_on({2}));
    EXPECT_EQ(verdict.kind, KRUNC_CLEAN);
    EXPECT_TRUE(verdict.causes.empty() && verdict.notes.empty());
    EXPECT_EQ(verdict.why_not, "");
}

TEST(RunVerdictTest, OnlyItsOwnCpuMatters)
{
    auto run = run_on({2});
    run.deltas[1].irq_device = 1000;
    run.deltas[3].quality = KRUNC_Q_EPOCH;
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_CLEAN);
    run.deltas[2].irq_device = 1000;
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, KRUNC_DISTURBED);
    ASSERT_EQ(verdict.causes.size(), 1U);
    EXPECT_EQ(verdict.causes[0].cause, KRUNC_CAUSE_DEVICE);
    EXPECT_EQ(verdict.causes[0].cpu, 2);
    EXPECT_EQ(verdict.causes[0].count, 1000U);
}

TEST(RunVerdictTest, AFewInterruptsAreWithinTheLimits)
{
    auto run = run_on({2});
    run.deltas[2].irq_call = 3;
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, KRUNC_CLEAN);
    ASSERT_EQ(verdict.notes.size(), 1U);
    EXPECT_EQ(verdict.notes[0].cause, KRUNC_CAUSE_CALL);
}

TEST(RunVerdictTest, TimerTicksAloneAreTicking)
{
    auto run = run_on({2});
    run.deltas[2].irq_timer = 250;
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_TICKING);
}

TEST(RunVerdictTest, ACounterThatStoppedIsUnusable)
{
    auto run = run_on({2});
    run.deltas[2].quality = KRUNC_Q_EPOCH;
    run.deltas[2].irq_device = 1000;
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, KRUNC_UNUSABLE);
    ASSERT_EQ(verdict.causes.size(), 1U);
    EXPECT_EQ(verdict.causes[0].cause, KRUNC_CAUSE_EPOCH);
}

TEST(RunVerdictTest, WhatCouldNotBeSeenIsUndecided)
{
    auto run = run_on({2});
    run.switches.reset();
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_UNDECIDED);
    run = run_on({2});
    run.deltas[2].valid &= ~static_cast<std::uint32_t>(KRUNC_INTERRUPTS);
    run.deltas[2].unknown |= KRUNC_Q_INTERRUPTED;
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_UNDECIDED);
}

TEST(RunVerdictTest, ACpusSwitchesDecideOnlyIfThereAreNone)
{
    auto run = run_on({2});
    run.switches.reset();
    run.deltas[2].valid |= KRUNC_SWITCHES;
    run.deltas[2].unknown = 0;
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_CLEAN);
    run.deltas[2].switches = 5;
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_UNDECIDED);
    run.switches = TaskSwitches{}; // they were others', while the command did not want to run
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_CLEAN);
}

TEST(RunVerdictTest, OnOneCpuTheSwitchesHappenedThere)
{
    auto run = run_on({2});
    run.switches = TaskSwitches{7, 3, {}, false};
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, KRUNC_DISTURBED);
    ASSERT_EQ(verdict.causes.size(), 1U);
    EXPECT_EQ(verdict.causes[0].cause, KRUNC_CAUSE_INVOLUNTARY);
    EXPECT_EQ(verdict.causes[0].cpu, 2);
    EXPECT_EQ(verdict.causes[0].count, 3U);
    ASSERT_EQ(verdict.notes.size(), 1U);
    EXPECT_EQ(verdict.notes[0].cause, KRUNC_CAUSE_SLEPT);
    EXPECT_EQ(verdict.notes[0].count, 7U);
}

TEST(RunVerdictTest, OnSeveralCpusTheSwitchesAreTheCommandsAsAWhole)
{
    auto run = run_on({1, 2});
    run.switches = TaskSwitches{7, 3, {}, false};
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, KRUNC_DISTURBED);
    ASSERT_EQ(verdict.causes.size(), 1U);
    EXPECT_EQ(verdict.causes[0].cause, KRUNC_CAUSE_INVOLUNTARY);
    EXPECT_EQ(verdict.causes[0].cpu, std::nullopt);
    run.switches = TaskSwitches{7, 0, {}, false};
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_CLEAN);
}

TEST(RunVerdictTest, OfSeveralCpusTheWorstCounts)
{
    auto run = run_on({0, 1, 2});
    run.deltas[0].irq_timer = 100;
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_TICKING);
    run.deltas[1].smi = 1;
    run.deltas[1].quality = KRUNC_Q_SMI;
    EXPECT_EQ(judge_run(facts(), run).kind, KRUNC_DISTURBED);
    run.deltas[2].quality = KRUNC_Q_OFFLINE;
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, KRUNC_UNUSABLE);
    std::vector<int> cpus;
    for (const auto &cause : verdict.causes)
        cpus.push_back(cause.cpu.value());
    EXPECT_THAT(cpus, testing::ElementsAre(0, 1, 2));
}

TEST(RunVerdictTest, ThereIsNoneForACommandThatMightRunAnywhere)
{
    const auto verdict = judge_run(facts(), run_on({}));
    EXPECT_EQ(verdict.kind, std::nullopt);
    EXPECT_THAT(verdict.why_not, HasSubstr("not bound"));
}

TEST(RunVerdictTest, ThereIsNoneForCpusThatWereNotCounted)
{
    auto run = run_on({2, 9});
    run.deltas[2].irq_device = 1000;
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, std::nullopt);
    EXPECT_THAT(verdict.why_not, HasSubstr("not counted: 2,9"));
    EXPECT_TRUE(verdict.causes.empty());
}

TEST(RunVerdictTest, ThereIsNoneWhenNothingWasMeasured)
{
    auto run = run_on({2});
    run.windows = 0;
    run.deltas.clear();
    const auto verdict = judge_run(facts(), run);
    EXPECT_EQ(verdict.kind, std::nullopt);
    EXPECT_THAT(verdict.why_not, HasSubstr("never wrote \"enable\""));
}

TEST(Severity, UnknownIsWorseThanTickingAndBetterThanDisturbed)
{
    EXPECT_LT(severity(KRUNC_CLEAN), severity(KRUNC_TICKING));
    EXPECT_LT(severity(KRUNC_TICKING), severity(KRUNC_UNDECIDED));
    EXPECT_LT(severity(KRUNC_UNDECIDED), severity(KRUNC_DISTURBED));
    EXPECT_LT(severity(KRUNC_DISTURBED), severity(KRUNC_UNUSABLE));
}

} // namespace
} // namespace krun
