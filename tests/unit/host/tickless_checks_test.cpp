// SPDX-License-Identifier: MIT
// What the check for ticks makes of what comes to a busy CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/checked_host.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TicklessChecks, TheLimitIsOneInterruptASecond)
{
    FakeHost host;
    host.timer_interrupts = 3; // in three seconds
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::pass);
    host.timer_interrupts = 4;
    expect_only(host, "tickless", CheckStatus::fail);
}

TEST(TicklessChecks, SoftirqsAreShownAndNotJudged)
{
    Disturbance disturbance;
    disturbance.softirqs = {{"TIMER", "", 2}, {"RCU", "", 1}};
    EXPECT_EQ(disturbance.total(), 0U);
    EXPECT_EQ(described(disturbance), "none; softirqs: TIMER 2, RCU 1");
}

TEST(TicklessChecks, WhatTheTaskItselfDoesIsShownAndNotJudged)
{
    Disturbance disturbance;
    disturbance.sleeps = 7;
    EXPECT_EQ(disturbance.total(), 0U);
    EXPECT_EQ(described(disturbance), "none; the task itself slept 7 times");
}

TEST(TicklessChecks, PreemptionsCountToo)
{
    FakeHost host;
    host.preemptions = 4;
    const CheckResult result = result_of(host, "tickless");
    EXPECT_EQ(result.status, CheckStatus::fail);
    EXPECT_THAT(result.detail, HasSubstr("in 3 seconds: 4 preemptions"));
}

TEST(TicklessChecks, ADisturbedWindowIsCountedAgain)
{
    FakeHost host;
    host.disturbed_windows = {5, 4};
    EXPECT_EQ(result_of(host, "tickless").detail, "0.0 interrupts and preemptions a second on busy CPU 3 (limit 1)");
    EXPECT_THAT(host.busy_cpus, ElementsAre(3, 3, 3));
    EXPECT_THAT(host.traced_cpus, IsEmpty());
}

TEST(TicklessChecks, WhatIsInEveryWindowIsReportedWithTheLowestRate)
{
    FakeHost host;
    host.disturbed_windows = {300, 9, 6};
    const CheckResult result = result_of(host, "tickless");
    EXPECT_EQ(result.status, CheckStatus::fail);
    EXPECT_EQ(result.detail, "2.0 interrupts and preemptions a second on busy CPU 3 (limit 1); in 3 seconds: LOC 6 "
                             "(Local timer interrupts); causes unknown: no permission to trace, or a kernel without "
                             "tracepoints");
    EXPECT_THAT(host.busy_cpus, ElementsAre(3, 3, 3));
}

// Also of what is within the limit.
TEST(TicklessChecks, WhatComesIsNamedByItsCauses)
{
    FakeHost host;
    host.timer_interrupts = 1;
    host.causes = {{"timer delayed_work_timer_fn", 2}, {"task kworker/3:1", 1}};
    const CheckResult result = result_of(host, "tickless");
    EXPECT_EQ(result.status, CheckStatus::pass);
    EXPECT_THAT(result.detail, HasSubstr("; caused by: timer delayed_work_timer_fn (2), task kworker/3:1"));
    EXPECT_THAT(host.traced_cpus, ElementsAre(3));
    host.causes.emplace();
    EXPECT_THAT(result_of(host, "tickless").detail, testing::EndsWith("; nothing came when it was traced"));
    host.trace_is_cut = true;
    EXPECT_THAT(result_of(host, "tickless").detail,
                testing::EndsWith("; nothing came when it was traced (of what the trace remembers: there was more)"));
}

TEST(TicklessChecks, WindowsThatAreAskedForAreAllWatchedAndTheMedianIsJudged)
{
    FakeHost host;
    host.disturbed_windows = {0, 240, 120, 0};
    CheckOptions options{{"tickless"}, {4, 60, true}};
    auto results = check_kernel(host, options);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].status, CheckStatus::pass);
    EXPECT_EQ(results[0].detail,
              "1.0 interrupts and preemptions a second on busy CPU 3 (limit 1), the median of 4 windows "
              "of 60 seconds: 0.00 to 4.00; in 240 seconds: LOC 360 (Local timer interrupts); causes "
              "unknown: no permission to trace, or a kernel without tracepoints");
    EXPECT_THAT(results[0].rates, ElementsAre(0, 4, 2, 0));
    EXPECT_THAT(host.traced_cpus, ElementsAre(3, 3, 3, 3));

    FakeHost worse;
    worse.disturbed_windows = {0, 240, 120};
    worse.causes = {{"task cron", 1}};
    options.windows.count = 3;
    results = check_kernel(worse, options);
    EXPECT_EQ(results[0].status, CheckStatus::fail);
    EXPECT_THAT(results[0].detail, HasSubstr("; caused by: task cron (3)"));
    EXPECT_THAT(results[0].remedy, HasSubstr("keep other tasks off the CPU"));
}

TEST(TicklessChecks, AWindowThatFailsDoesNotTakeTheOthersWithIt)
{
    FakeHost host;
    host.windows_until_unmeasurable = 2;
    const auto results = check_kernel(host, {{"tickless"}, {4, 60, true}});
    EXPECT_EQ(results[0].status, CheckStatus::pass);
    EXPECT_THAT(results[0].detail, HasSubstr("the median of 2 windows of 60 seconds"));
}

TEST(TicklessChecks, ATaskThatMakesSystemCallsIsMeasuredTooAndNotRequired)
{
    FakeHost host;
    EXPECT_EQ(status_of(host, "tickless-calls"), CheckStatus::pass);
    host.interrupts_of_calls = 4;
    const CheckResult result = result_of(host, "tickless-calls");
    EXPECT_EQ(result.status, CheckStatus::fail);
    EXPECT_FALSE(result.required);
    EXPECT_TRUE(is_good(host));
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::pass);
}

TEST(TicklessChecks, TheTickIsCountedOnAnAdaptiveTickCpuThatIsOnline)
{
    FakeHost host;
    host.online = {0, 1, 2};
    check_kernel(host);
    EXPECT_THAT(host.busy_cpus, ElementsAre(2));
}

TEST(TicklessChecks, ACpuThatCannotBeMeasuredGivesWayToTheNext)
{
    FakeHost host;
    host.unmeasurable = {2, 3};
    EXPECT_THAT(result_of(host, "tickless").detail, HasSubstr("on busy CPU 1"));
    EXPECT_THAT(host.busy_cpus, ElementsAre(3, 2, 1));
}

TEST(TicklessChecks, WhatCouldNotBeMeasuredNeverPassesTickless)
{
    FakeHost host;
    host.unmeasurable = {1, 2, 3};
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::unknown);
    EXPECT_EQ(status_of(host, "tickless-calls"), CheckStatus::unknown);
    EXPECT_EQ(result_of(host, "tickless").detail, "could not be measured: this program may not run there");
    EXPECT_FALSE(is_good(host));
    EXPECT_THAT(forbidding(host), ElementsAre("tickless"));
    host.unmeasurable.clear();
    host.timer_interrupts.reset();
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::unknown);
    host.timer_interrupts = 0;
    host.online = {0}; // every adaptive-tick CPU is offline
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::unknown);
    EXPECT_FALSE(is_good(host));
}

} // namespace
} // namespace krun
