// SPDX-License-Identifier: MIT
// <krun/counters.hpp>: sessions, samples and regions. On every machine: by the TSC alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <krun/counters.hpp>

#include <chrono>
#include <sched.h>
#include <thread>

#include "bound_thread.hpp"

namespace
{

using testing::StartsWith;

// Nothing that a machine may lack.
const krunc::Options tsc_alone{.ways = 1U << KRUNC_WAY_TSC, .flags = KRUNC_NO_CALIBRATION};
const krunc::Options tsc_of_thread{
    .scope = KRUNC_SCOPE_THREAD, .ways = 1U << KRUNC_WAY_TSC, .flags = KRUNC_NO_CALIBRATION};

int error_of(const krunc::Options &options) { return krunc::Session::open(options).error().number(); }

TEST(Session, OpensAndHasItsFacts)
{
    const auto session = krunc::Session::open(tsc_of_thread);
    ASSERT_TRUE(session) << session.error().message();
    EXPECT_FALSE(session.error());
    EXPECT_EQ(session->facts().way, KRUNC_WAY_TSC);
    EXPECT_EQ(session->facts().scope, KRUNC_SCOPE_THREAD);
    EXPECT_EQ(session->facts().readings, 1U);
}

TEST(Session, MeasuresTheCpusThatAreNamed)
{
    auto options = tsc_alone;
    options.cpus = {0};
    const krunc::Session session(options);
    EXPECT_EQ(session.facts().scope, KRUNC_SCOPE_CPUS);
    EXPECT_EQ(session.facts().readings, 1U);
    options.cpus.add(krunc::Cpus::limit - 1); // no machine of this test's has it
    EXPECT_EQ(error_of(options), EINVAL);
}

TEST(Session, PassesEveryOptionOn)
{
    auto options = tsc_of_thread;
    options.required = KRUNC_CYCLES;
    EXPECT_EQ(error_of(options), EOPNOTSUPP);
    options = tsc_of_thread;
    options.flags |= KRUNC_RENDEZVOUS;
    EXPECT_EQ(error_of(options), EOPNOTSUPP);
    options = tsc_of_thread;
    options.counters = 1U << 4;
    EXPECT_EQ(error_of(options), EINVAL);
    options = tsc_of_thread;
    options.events[3].reserved = 1;
    EXPECT_EQ(error_of(options), EINVAL);
    options = tsc_of_thread;
    options.max_ratio = 2.5;
    options.counters = KRUNC_CLOCK;
    const krunc::Session session(options);
    EXPECT_EQ(session.facts().max_ratio, 2.5);
    EXPECT_EQ(session.facts().wanted, KRUNC_CLOCK);
}

TEST(Session, ThrowsFromItsConstructorWhatOpenReturns)
{
    auto options = tsc_of_thread;
    options.required = KRUNC_CYCLES;
    try {
        const krunc::Session session(options);
        ADD_FAILURE() << "opened";
    } catch (const std::system_error &error) {
        EXPECT_EQ(error.code().value(), EOPNOTSUPP);
        EXPECT_THAT(error.what(), StartsWith("libkruncounters: "));
    }
}

TEST(Session, CanBeMovedAndLeavesNothingBehind)
{
    krunc::Session first(tsc_of_thread);
    auto *inside = first.raw();
    krunc::Session second(std::move(first));
    EXPECT_EQ(second.raw(), inside);
    krunc::Sample sample = second.make_sample();
    EXPECT_FALSE(second.begin(sample));

    // NOLINTBEGIN(bugprone-use-after-move,clang-analyzer-cplusplus.Move): that is the test
    EXPECT_EQ(first.raw(), nullptr);
    EXPECT_EQ(first.facts().readings, 0U);
    EXPECT_EQ(first.begin(sample).number(), EBADF);
    EXPECT_EQ(first.end(sample).number(), EBADF);
    EXPECT_EQ(first.read(KRUNC_CYCLES), std::nullopt);
    EXPECT_EQ(first.thread_counter(KRUNC_CYCLES).error().number(), EBADF);
    EXPECT_EQ(first.difference(sample, sample).error().number(), EBADF);
    EXPECT_EQ(first.judge(krunc::Delta()).error().number(), EBADF);
    EXPECT_FALSE(first.make_sample());
    // NOLINTEND(bugprone-use-after-move,clang-analyzer-cplusplus.Move)

    krunc::Session third(tsc_alone);
    third = std::move(second);
    EXPECT_EQ(third.raw(), inside);
    auto &same = third;
    third = std::move(same);
    EXPECT_EQ(third.raw(), inside);
    EXPECT_FALSE(third.end(sample));
}

TEST(Session, ReadsNothingWhereTheThreadHasNoCounter)
{
    krunc::Session session(tsc_of_thread);
    EXPECT_EQ(session.read(KRUNC_CYCLES), std::nullopt);
    EXPECT_EQ(session.read(0), std::nullopt);
    EXPECT_EQ(session.read(KRUNC_CYCLES | KRUNC_INSTRUCTIONS), std::nullopt);
    EXPECT_EQ(session.thread_counter(KRUNC_CYCLES).error().number(), EOPNOTSUPP);
    EXPECT_EQ(session.thread_counter(KRUNC_CYCLES | KRUNC_APERF).error().number(), EINVAL);
}

// Perf's events of this thread, where they count instructions.
class ThreadCounters : public testing::Test
{
  protected:
    void SetUp() override
    {
        auto opened = krunc::Session::open({.scope = KRUNC_SCOPE_THREAD,
                                            .required = KRUNC_INSTRUCTIONS,
                                            .ways = 1U << KRUNC_WAY_PERF,
                                            .flags = KRUNC_NO_CALIBRATION});
        if (!opened)
            GTEST_SKIP() << "perf counts no instructions here: " << opened.error().message();
        session_.emplace(std::move(*opened));
    }

    static void sleep() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

    std::optional<krunc::Session> session_;
};

constexpr std::uint64_t beyond_reason = 1ULL << 40; // for some milliseconds of a thread

TEST_F(ThreadCounters, AreReadInPlace)
{
    const auto counter = session_->thread_counter(KRUNC_INSTRUCTIONS);
    ASSERT_TRUE(counter) << counter.error().message();
    const auto first = counter->read();
    const auto second = session_->read(KRUNC_INSTRUCTIONS);
    const auto third = counter->read();
    ASSERT_TRUE(first && second && third);
    EXPECT_LT(*first, *second);
    EXPECT_LT(*second, *third);
}

// The first time, too: perf starts the event anew, from another value of the hardware's counter.
TEST_F(ThreadCounters, CountOnWhenTheThreadHasSlept)
{
    const auto counter = session_->thread_counter(KRUNC_INSTRUCTIONS);
    ASSERT_TRUE(counter) << counter.error().message();
    const auto before = counter->read();
    sleep();
    const auto after = counter->read();
    ASSERT_TRUE(before && after);
    EXPECT_LT(*before, beyond_reason);
    EXPECT_GT(*after, *before);
    EXPECT_LT(*after - *before, beyond_reason);
}

TEST_F(ThreadCounters, OfARegionThatSleepsAreTheThreads)
{
    krunc::Measurement measured(*session_);
    {
        krunc::Region region(measured);
        sleep();
    }
    ASSERT_FALSE(measured.error());
    ASSERT_NE(measured.own(), nullptr);
    EXPECT_EQ(measured.own()->is(KRUNC_Q_EPOCH), false);
    ASSERT_TRUE(measured.own()->instructions());
    EXPECT_GT(*measured.own()->instructions(), 0U);
    EXPECT_LT(*measured.own()->instructions(), beyond_reason);
}

// A sample of a session with fewer readings.
TEST(Session, TakesNoSampleThatIsTooSmall)
{
    krunc::Session one(tsc_of_thread);
    krunc::Session all(tsc_alone);
    if (all.facts().readings < 2)
        GTEST_SKIP() << "there is only one CPU";
    krunc::Sample small = one.make_sample();
    EXPECT_EQ(all.begin(small).number(), EINVAL);
    EXPECT_EQ(all.end(small).number(), EINVAL);
}

TEST(Sample, WithoutMemoryIsAnError)
{
    krunc::Session session(tsc_of_thread);
    krunc::Sample none;
    EXPECT_FALSE(none);
    EXPECT_TRUE(none.readings().empty());
    EXPECT_EQ(none.clock(), std::nullopt);
    EXPECT_EQ(session.begin(none).number(), EINVAL);
    EXPECT_EQ(session.end(none).number(), EINVAL);
    krunc::Sample some = session.make_sample();
    EXPECT_EQ(session.difference(some, none).error().number(), EINVAL);
    EXPECT_EQ(session.difference(none, some).error().number(), EINVAL);
}

TEST(Sample, KnowsWhereEachCpuIs)
{
    krunc::Session session(tsc_alone);
    krunc::Sample sample = session.make_sample();
    ASSERT_FALSE(session.begin(sample));
    ASSERT_EQ(sample.readings().size(), session.facts().readings);
    for (std::uint32_t index = 0; index < sample.readings().size(); ++index)
        EXPECT_EQ(sample.index_of(sample.readings()[index].cpu), index);
    EXPECT_EQ(sample.index_of(krunc::Cpus::limit), std::nullopt);
}

TEST(Sample, HasAClockOnlyIfItWasAskedFor)
{
    auto options = tsc_of_thread;
    options.counters = KRUNC_CLOCK;
    krunc::Session with(options);
    krunc::Sample sample = with.make_sample();
    ASSERT_FALSE(with.begin(sample));
    EXPECT_GT(sample.clock(), 0U);

    options.counters = KRUNC_THREAD_SWITCHES;
    krunc::Session without(options);
    krunc::Sample other = without.make_sample();
    ASSERT_FALSE(without.begin(other));
    EXPECT_EQ(other.clock(), std::nullopt);
}

TEST(Measurement, HasNothingBeforeItsFirstRegionEnds)
{
    krunc::Session session(tsc_of_thread);
    krunc::Measurement measured(session);
    EXPECT_EQ(measured.error().number(), ENODATA);
    EXPECT_TRUE(measured.deltas().empty());
    EXPECT_EQ(measured.own(), nullptr);
    krunc::Region region(measured);
    EXPECT_TRUE(measured.deltas().empty());
}

TEST(Measurement, HasTheDifferencesOfTheLastRegion)
{
    krunc::Session session(tsc_of_thread);
    krunc::Measurement measured(session);
    std::uint64_t end_of_first = 0;
    for (int round = 0; round < 2; ++round) {
        {
            krunc::Region region(measured);
        }
        ASSERT_FALSE(measured.error()) << measured.error().message();
        ASSERT_EQ(measured.deltas().size(), 1U);
        EXPECT_EQ(measured.own(), measured.deltas().data());
        EXPECT_EQ(measured.own()->status(), KRUNC_OK);
        EXPECT_GE(measured.after().edge(), measured.before().edge());
        EXPECT_GT(measured.before().edge(), end_of_first);
        end_of_first = measured.after().edge();
    }
}

TEST(Measurement, FindsTheCallersCpuAmongTheOthers)
{
    krunc::Session session(tsc_alone);
    krunc::Measurement measured(session);
    {
        krunc::Region region(measured);
    }
    ASSERT_FALSE(measured.error());
    EXPECT_EQ(measured.deltas().size(), session.facts().readings);
    ASSERT_NE(measured.own(), nullptr);
    EXPECT_EQ(measured.own()->cpu(), measured.before().cpu());
}

TEST(Measurement, HasNothingOfItsOwnWhileARegionLasts)
{
    auto options = tsc_alone;
    options.scope = KRUNC_SCOPE_THREAD;
    krunc::Session session(options);
    krunc::Measurement measured(session);
    {
        krunc::Region region(measured);
    }
    EXPECT_NE(measured.own(), nullptr);
    const krunc::Region again(measured);
    EXPECT_EQ(measured.own(), nullptr);
}

TEST(Measurement, OfOtherCpusHasNoDifferenceOfTheCallers)
{
    const BoundThread thread;
    const auto &cpus = thread.cpus();
    if (cpus.size() < 2)
        GTEST_SKIP() << "there is only one CPU";
    ASSERT_TRUE(thread.to(cpus[0]));

    auto options = tsc_alone;
    options.cpus = {cpus[1]};
    krunc::Session session(options);
    krunc::Measurement measured(session);
    {
        krunc::Region region(measured);
    }
    ASSERT_FALSE(measured.error());
    EXPECT_EQ(measured.deltas().size(), 1U);
    EXPECT_EQ(measured.own(), nullptr);
}

TEST(Measurement, SaysWhyThereIsNoSample)
{
    krunc::Session session(tsc_of_thread);
    krunc::Measurement measured(session);
    krunc::Session thief(std::move(session));
    {
        krunc::Region region(measured);
    }
    EXPECT_EQ(measured.error().number(), EBADF);
    EXPECT_TRUE(measured.deltas().empty());
    EXPECT_EQ(measured.own(), nullptr);
}

TEST(Region, EndsOnce)
{
    krunc::Session session(tsc_of_thread);
    krunc::Measurement measured(session);
    std::uint64_t edge = 0;
    {
        krunc::Region region(measured);
        region.end();
        edge = measured.after().edge();
        EXPECT_GT(edge, 0U);
    }
    EXPECT_EQ(measured.after().edge(), edge);
}

TEST(Region, EndsWhenItsWorkThrows)
{
    krunc::Session session(tsc_of_thread);
    krunc::Measurement measured(session);
    EXPECT_THROW(
        {
            krunc::Region region(measured);
            throw 1;
        },
        int);
    EXPECT_FALSE(measured.error());
    EXPECT_EQ(measured.deltas().size(), 1U);
}

TEST(Verdict, TakesItsCriteriaAlong)
{
    krunc::Session session(tsc_of_thread);
    EXPECT_TRUE(session.judge(krunc::Delta()));
    EXPECT_EQ(session.judge(krunc::Delta(), {.share = -1}).error().number(), EINVAL);

    // 0 is not what stands for the default.
    krunc::Delta delta;
    delta.raw().derived = KRUNC_D_TIME;
    delta.raw().seconds = 1;
    delta.raw().valid = KRUNC_INTERRUPTS | KRUNC_SWITCHES;
    delta.raw().irq_device = 1;
    EXPECT_FALSE(session.judge(delta)->caused_by(KRUNC_CAUSE_DEVICE));
    EXPECT_TRUE(session.judge(delta, {.share = 0})->caused_by(KRUNC_CAUSE_DEVICE));
    delta.raw().irq_device = 1000000;
    EXPECT_TRUE(session.judge(delta)->caused_by(KRUNC_CAUSE_DEVICE));
    EXPECT_TRUE(session.judge(delta, {.interrupt_seconds = 0})->noted(KRUNC_CAUSE_DEVICE));
}

} // namespace
