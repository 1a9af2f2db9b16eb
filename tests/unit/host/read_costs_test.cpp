// SPDX-License-Identifier: MIT
// On a machine that is made up: its time is what the readings say they took.
#include "host/read_costs.hpp"

#include <algorithm>
#include <cerrno>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::IsEmpty;
using testing::Le;

constexpr std::uint64_t warm_up_of_cost = 16; // readings that count for nothing

struct FakeCostMachine : CostMachine {
    std::uint64_t now = 0;
    std::uint64_t calls = 0;           // function-call interrupts of CPU 1
    std::uint64_t ticks_per_timer = 0; // of CPU 1's timer
    bool hides_interrupts = false;
    std::uint64_t stops_at = ~std::uint64_t{0};
    std::vector<int> taken; // the numbers of the subjects, in the order of their readings
    std::vector<std::uint64_t> spun;

    std::uint64_t ticks() override { return now; }
    void spin(std::uint64_t ticks) override
    {
        spun.push_back(ticks);
        now += ticks;
    }
    std::optional<std::string> interrupts() override
    {
        if (hides_interrupts)
            return {};
        const auto timer = ticks_per_timer == 0 ? 0 : now / ticks_per_timer;
        return fmt::format("      CPU0  CPU1  CPU2\n"
                           "CAL:  {0}  {1}  {1}  Function call interrupts\n"
                           "LOC:  7  {2}  7  Local timer interrupts\n",
                           9 * calls, calls, timer);
    }
    bool stop_requested() override { return taken.size() >= stops_at; }
};

struct FakeCostSubject : CostSubject {
    FakeCostSubject(FakeCostMachine &machine, int number, std::uint64_t takes)
        : machine(machine), number(number), takes(takes)
    {
    }
    Timing take() override
    {
        if (readings == fails_at)
            return {0, EBUSY};
        readings++;
        machine.taken.push_back(number);
        machine.now += takes;
        machine.calls += interrupts;
        return {takes, 0};
    }
    FakeCostMachine &machine;
    int number;
    std::uint64_t takes;
    std::uint64_t interrupts = 0; // of other CPUs, each reading
    std::uint64_t readings = 0;
    std::uint64_t fails_at = ~std::uint64_t{0};
};

class ReadCosts : public testing::Test
{
  protected:
    FakeCostSubject &add(std::uint64_t takes)
    {
        auto subject = std::make_unique<FakeCostSubject>(machine, static_cast<int>(subjects.size()), takes);
        FakeCostSubject &added = *subject;
        subjects.push_back(std::move(subject));
        return added;
    }
    std::vector<ReadCost> measure()
    {
        auto costs = measure_read_costs(machine, subjects, plan, [this](unsigned part) { told.push_back(part); });
        EXPECT_TRUE(costs);
        return costs ? std::move(*costs) : std::vector<ReadCost>(subjects.size());
    }

    FakeCostMachine machine;
    std::vector<std::unique_ptr<CostSubject>> subjects;
    CostPlan plan = {100, 0, 0, 4, {1, 2}};
    std::vector<unsigned> told;
};

TEST_F(ReadCosts, AreInTheOrderOfTheSubjects)
{
    add(100);
    add(7000);
    const auto costs = measure();
    EXPECT_EQ(costs[0].ticks.count, 100);
    EXPECT_EQ(costs[0].ticks.p50, 100);
    EXPECT_EQ(costs[1].ticks.p50, 7000);
    EXPECT_EQ(costs[1].ticks.count, 100);
    EXPECT_FALSE(costs[0].fewer || costs[1].fewer);
}

TEST_F(ReadCosts, ARoundHasEverySubjectOnceAndNotAlwaysInTheSameOrder)
{
    for (int subject = 0; subject < 3; subject++)
        add(10);
    plan.other_cpus.clear();
    measure();
    ASSERT_EQ(machine.taken.size(), 3 * (warm_up_of_cost + 100));
    std::map<int, int> after_the_first; // which one follows subject 0
    for (std::size_t round = 0; round < 100; round++) {
        const auto begin = machine.taken.begin() + static_cast<std::ptrdiff_t>(3 * (warm_up_of_cost + round));
        EXPECT_TRUE(std::is_permutation(begin, begin + 3, std::vector<int>{0, 1, 2}.begin())) << round;
        if (const auto first = std::find(begin, begin + 3, 0); first + 1 != begin + 3)
            after_the_first[*(first + 1)]++;
    }
    EXPECT_THAT(after_the_first, ElementsAre(testing::Pair(1, Ge(20)), testing::Pair(2, Ge(20))));
}

TEST_F(ReadCosts, ASlowSubjectHasFewerReadingsAllOverTheRounds)
{
    add(10);
    add(1000);
    plan.most_ticks = 20'000;
    plan.other_cpus.clear();
    const auto costs = measure();
    EXPECT_EQ(costs[0].ticks.count, 100);
    EXPECT_FALSE(costs[0].fewer);
    EXPECT_EQ(costs[1].ticks.count, 20);
    EXPECT_TRUE(costs[1].fewer);
    // Every fifth round, give or take the order within a round.
    std::vector<int> rounds;
    int round = 0;
    for (std::size_t at = 2 * warm_up_of_cost; at < machine.taken.size(); at++)
        machine.taken[at] == 0 ? static_cast<void>(round++) : rounds.push_back(round);
    for (std::size_t at = 1; at < rounds.size(); at++)
        EXPECT_THAT(rounds[at] - rounds[at - 1], AllOf(Ge(4), Le(6)));
}

TEST_F(ReadCosts, EvenTheSlowestIsReadOnce)
{
    add(1000);
    plan.most_ticks = 10;
    EXPECT_EQ(measure()[0].ticks.count, 1);
}

TEST_F(ReadCosts, ASubjectThatFailsLeavesTheOthersAlone)
{
    add(10).fails_at = warm_up_of_cost + 30;
    add(10);
    add(10).fails_at = 0;
    const auto costs = measure();
    EXPECT_EQ(costs[0].error, EBUSY);
    EXPECT_EQ(costs[0].ticks.count, 30);
    EXPECT_FALSE(costs[0].others);
    EXPECT_EQ(costs[1].error, 0);
    EXPECT_EQ(costs[1].ticks.count, 100);
    EXPECT_EQ(costs[2].error, EBUSY);
    EXPECT_EQ(costs[2].ticks.count, 0);
    EXPECT_FALSE(costs[0].fewer || costs[2].fewer); // for another reason
}

TEST_F(ReadCosts, InterruptsAreThoseOfTheOtherCpusAndOfTheSubjectAlone)
{
    add(10);
    add(10).interrupts = 3;
    const auto costs = measure();
    ASSERT_TRUE(costs[0].others && costs[1].others);
    EXPECT_THAT(costs[0].others->rows, IsEmpty());
    EXPECT_EQ(costs[0].others->readings, 100);
    EXPECT_DOUBLE_EQ(costs[1].others->during(), 6); // CPU 1 and 2; CPU 0 is the reader's own
    EXPECT_DOUBLE_EQ(costs[1].others->otherwise(), 0);
    EXPECT_THAT(costs[1].others->rows, ElementsAre(InterruptRow{"CAL", "Function call interrupts", 600}));
}

// A timer that ticks whatever is done shows in the control as well.
TEST_F(ReadCosts, WhatComesAnywayIsToldApartByWindowsWithoutReadings)
{
    add(100).interrupts = 1;
    machine.ticks_per_timer = 50;
    const auto costs = measure();
    const OtherCpus &others = *costs[0].others;
    EXPECT_THAT(others.control, ElementsAre(InterruptRow{"LOC", "Local timer interrupts", 200}));
    EXPECT_DOUBLE_EQ(others.during(), 4);
    EXPECT_DOUBLE_EQ(others.otherwise(), 2);
    EXPECT_DOUBLE_EQ(others.caused(), 2);
    EXPECT_EQ(others.ticks, 10'000);
    EXPECT_THAT(machine.spun, ElementsAre(2500, 2500, 2500, 2500)); // as long as the readings took
}

TEST_F(ReadCosts, WindowsOfASlowSubjectAreLimited)
{
    add(1000);
    plan.window_ticks = 3000;
    EXPECT_EQ(measure()[0].others->readings, 4U * 3);
    EXPECT_THAT(machine.spun, Each(3000));
}

TEST_F(ReadCosts, WithoutOtherCpusOrAnswersThereAreNoInterrupts)
{
    add(10);
    machine.hides_interrupts = true;
    EXPECT_FALSE(measure()[0].others);
    machine.hides_interrupts = false;
    plan.other_cpus.clear();
    EXPECT_FALSE(measure()[0].others);
}

TEST_F(ReadCosts, CanBeStoppedAtAnyTime)
{
    add(10);
    for (const std::uint64_t stop : {std::uint64_t{0}, warm_up_of_cost + 50, warm_up_of_cost + 100 + 30}) {
        machine.taken.clear();
        machine.stops_at = stop;
        const auto costs = measure_read_costs(machine, subjects, plan, [](unsigned) {});
        ASSERT_FALSE(costs) << stop;
        EXPECT_EQ(costs.error().code, ExitCode::interrupted);
    }
}

TEST_F(ReadCosts, TellHowFarTheyAre)
{
    add(10);
    measure();
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_EQ(told.back(), 1000);
    EXPECT_EQ(std::adjacent_find(told.begin(), told.end()), told.end()); // no part twice
}

} // namespace
} // namespace krun
