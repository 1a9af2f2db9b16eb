// SPDX-License-Identifier: MIT
#include "host/cause_trace.hpp"

#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "fakes/temporary_folder.hpp"

namespace krun
{

using testing::ElementsAre;
using testing::IsEmpty;

// As Linux 6.12 prints them; CPU 3 is the busy one.
constexpr const char *head = "# tracer: nop\n#\n# entries-in-buffer/entries-written: 9/9   #P:4\n#\n";

std::vector<Cause> causes_of(const std::string &lines) { return causes_in_trace(head + lines, 3, "krunctl-busy"); }

TEST(CauseTrace, TimersAndWorkItemsAreNamedByTheirFunctions)
{
    EXPECT_THAT(
        causes_of("    krunctl-busy-57      [003] d.h..     5.694268: hrtimer_expire_entry: hrtimer=00000000b5 "
                  "function=tick_nohz_handler now=5694260123\n"
                  "    krunctl-busy-57      [003] ..s..     5.694270: timer_expire_entry: timer=000000007b6f360e "
                  "function=delayed_work_timer_fn now=4294893626 baseclk=4294893626\n"
                  "     kworker/3:1-45      [003] .....     5.694290: workqueue_execute_start: work struct 0000000012: "
                  "function vmstat_update\n"),
        ElementsAre(Cause{"high-resolution timer tick_nohz_handler", 1}, Cause{"timer delayed_work_timer_fn", 1},
                    Cause{"work item vmstat_update", 1}));
}

TEST(CauseTrace, OtherTasksAreNamedAndTheBusyOneIsNone)
{
    EXPECT_THAT(
        causes_of("    krunctl-busy-57      [003] d....     5.1: sched_switch: prev_comm=krunctl-busy prev_pid=57 "
                  "prev_prio=120 prev_state=R ==> next_comm=my task next_pid=45 next_prio=120\n"
                  "         my task-45      [003] d....     5.2: sched_switch: prev_comm=my task prev_pid=45 "
                  "prev_prio=120 prev_state=S ==> next_comm=krunctl-busy next_pid=57 next_prio=120\n"
                  "    krunctl-busy-57      [003] d....     5.3: sched_switch: prev_comm=krunctl-busy prev_pid=57 "
                  "prev_prio=120 prev_state=S ==> next_comm=swapper/3 next_pid=0 next_prio=120\n"),
        ElementsAre(Cause{"task my task", 1}));
}

TEST(CauseTrace, WhatHoldsTheTickIsNamedIfItDoes)
{
    EXPECT_THAT(causes_of("    krunctl-busy-57      [003] d.h..     5.1: tick_stop: success=0 dependency=SCHED\n"
                          "    krunctl-busy-57      [003] d.h..     5.2: tick_stop: success=0 dependency=SCHED\n"
                          "    krunctl-busy-57      [003] d.h..     5.3: tick_stop: success=1 dependency=NONE\n"),
                ElementsAre(Cause{"the tick is held by SCHED", 2}));
}

TEST(CauseTrace, DevicesAndFlushesAreNamed)
{
    EXPECT_THAT(
        causes_of("    krunctl-busy-57      [003] d.h..     5.1: irq_handler_entry: irq=24 name=virtio0-req.0\n"
                  "    krunctl-busy-57      [003] d.h..     5.2: tlb_flush: pages:-1 reason:remote shootdown (1)\n"
                  "    krunctl-busy-57      [003] d.h..     5.3: tlb_flush: pages:16 reason:local mm shootdown (3)\n"),
        ElementsAre(Cause{"a flush of its TLB for another CPU", 1}, Cause{"device interrupt 24 (virtio0-req.0)", 1}));
}

TEST(CauseTrace, ACallWithoutAKnownSenderIsStillOne)
{
    const std::string calls = "    krunctl-busy-57      [003] d.h..     5.1: call_function_single_entry: vector=251\n"
                              "    krunctl-busy-57      [003] d.h..     5.2: call_function_entry: vector=252\n"
                              "    krunctl-busy-57      [003] d.h..     5.3: reschedule_entry: vector=253\n"
                              "    krunctl-busy-57      [003] d.h..     5.4: call_function_entry: vector=245\n";
    EXPECT_THAT(causes_of(calls), ElementsAre(Cause{"a function call from another CPU", 2},
                                              Cause{"a sample of Krun's", 1}, Cause{"rescheduling by another CPU", 1}));
    EXPECT_THAT(
        causes_of(calls + "  storm-77  [000] d....  5.5: ipi_send_cpu: cpu=3 callsite=a+0x1/0x2 callback=b+0x0/0x4\n"),
        ElementsAre(Cause{"a sample of Krun's", 1}, Cause{"interrupt from storm on CPU 0: b", 1}));
}

TEST(CauseTrace, AnNmiIsWhoevers)
{
    EXPECT_THAT(
        causes_of("    krunctl-busy-57      [003] d.Z..     5.1: nmi_handler: perf_event_nmi_handler() delta_ns: 4711 "
                  "handled: 1\n"
                  "    krunctl-busy-57      [003] d.Z..     5.1: nmi_handler: nmi_cpu_backtrace_handler() delta_ns: "
                  "300 handled: 0\n"),
        ElementsAre(Cause{"NMI for perf_event_nmi_handler", 1}));
}

TEST(CauseTrace, WhoSendsInterruptsIsNamedOnWhateverCpuItRuns)
{
    EXPECT_THAT(
        causes_of("            storm-77      [000] d....     5.1: ipi_send_cpu: cpu=3 "
                  "callsite=smp_call_function_single+0xd5/0x180 callback=krun_event_counts_here+0x0/0x40\n"
                  "            storm-77      [000] d....     5.2: ipi_send_cpu: cpu=2 "
                  "callsite=smp_call_function_single+0xd5/0x180 callback=krun_event_counts_here+0x0/0x40\n"
                  "            other-78      [001] d....     5.3: ipi_send_cpumask: cpumask=2-3 "
                  "callsite=smp_call_function_many_cond+0x1a0/0x4f0 callback=0x0\n"
                  "    krunctl-busy-57  [003] d....  5.3: ipi_send_cpu: cpu=3 callsite=irq_work_queue+0x1/0x2 "
                  "callback=nohz_full_kick_func+0x0/0x10\n"
                  "            other-78      [001] d....     5.4: timer_expire_entry: timer=0 function=f now=1\n"),
        ElementsAre(Cause{"interrupt from other on CPU 1: smp_call_function_many_cond", 1},
                    Cause{"interrupt from storm on CPU 0: krun_event_counts_here", 1},
                    Cause{"irq work nohz_full_kick_func", 1}));
}

// From Linux 6.5 on an event tells what a single function call is for; the interrupt's own does not.
TEST(CauseTrace, ASingleCallIsNamedByItsFunctionIfThatIsKnown)
{
    const std::string sent =
        "  jbd2/vda2-8-77  [000] d....  5.1: ipi_send_cpu: cpu=3 callsite=ttwu_queue_wakelist+0xe9/0xf0 "
        "callback=generic_smp_call_function_single_interrupt+0x0/0x10\n";
    EXPECT_THAT(
        causes_of(sent),
        ElementsAre(Cause{"interrupt from jbd2/vda2-8 on CPU 0: generic_smp_call_function_single_interrupt", 1}));
    EXPECT_THAT(
        causes_of("  jbd2/vda2-8-77  [000] d....  5.0: csd_queue_cpu: cpu=3 callsite=ttwu_queue_wakelist+0xe9/0xf0 "
                  "func=sched_ttwu_pending csd=00000000a\n" +
                  sent),
        ElementsAre(Cause{"interrupt from jbd2/vda2-8 on CPU 0: sched_ttwu_pending", 1}));
}

TEST(CauseTrace, TheMostFrequentComesFirst)
{
    const std::string often = "  x-1  [003] d.h..  5.1: timer_expire_entry: timer=0 function=often now=1\n";
    const std::string seldom = "  x-1  [003] d.h..  5.1: timer_expire_entry: timer=0 function=a_seldom now=1\n";
    EXPECT_THAT(causes_of(seldom + often + often), ElementsAre(Cause{"timer often", 2}, Cause{"timer a_seldom", 1}));
}

TEST(CauseTrace, WhatIsNoEventIsNoCause)
{
    for (const char *line : {"", "\n", "nonsense\n", " x-1 [003\n", " x-1 [003] d.h..\n", " x-1 [003] d.h.. 5.1:\n",
                             " x-1 [003] d.h.. 5.1: timer_expire_entry\n", "CPU:3 [LOST 12 EVENTS]\n"})
        EXPECT_THAT(causes_of(line), IsEmpty()) << line;
}

TEST(CauseTrace, CausesOfSeveralTimesAreAddedByName)
{
    std::vector<Cause> causes = {{"timer a", 2}, {"task b", 1}};
    add_causes(causes, {{"task b", 3}, {"work item c", 1}});
    EXPECT_THAT(causes, ElementsAre(Cause{"task b", 4}, Cause{"timer a", 2}, Cause{"work item c", 1}));
}

TEST(CauseTrace, KnowsWhetherEventsWereOverwritten)
{
    const TemporaryFolder tracefs;
    CauseTrace trace(3, tracefs.path());
    EXPECT_FALSE(trace.is_cut());
    std::filesystem::create_directories(tracefs.path() / "instances");
    CauseTrace another(3, tracefs.path());
    const auto stats = tracefs.path() / "instances" / ("krunctl-" + std::to_string(getpid())) / "per_cpu/cpu3/stats";
    std::filesystem::create_directories(stats.parent_path());
    std::ofstream(stats) << "entries: 7\noverrun: 0\ncommit overrun: 0\n";
    EXPECT_FALSE(another.is_cut());
    std::ofstream(stats) << "entries: 7\noverrun: 12\ncommit overrun: 0\n";
    EXPECT_TRUE(another.is_cut());
}

TEST(CauseTrace, WithoutTracingItFindsNothing)
{
    const TemporaryFolder folder;
    CauseTrace trace(3, folder.path() / "no-tracefs");
    EXPECT_FALSE(trace.works());
    EXPECT_THAT(trace.causes("krunctl-busy"), IsEmpty());
}

} // namespace krun
