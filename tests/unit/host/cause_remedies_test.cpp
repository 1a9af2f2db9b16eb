// SPDX-License-Identifier: MIT
#include "host/cause_trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using testing::HasSubstr;
using testing::Not;

namespace krun
{

TEST(CauseRemedies, WhatComesMostComesFirstAndOnce)
{
    EXPECT_EQ(remedies_for({{"the tick is held by PERF_EVENTS", 9},
                            {"task cron", 3},
                            {"task rsyslogd", 2},
                            {"device interrupt 4 (ttyS0)", 1},
                            {"NMI for perf_event_nmi_handler", 1}}),
              "stop perf events that sample by frequency; keep other tasks off the CPU: CPUAffinity= in "
              "/etc/systemd/system.conf, taskset, or a cpuset; move the device's interrupt: echo 0 > "
              "/proc/irq/NUMBER/smp_affinity_list, or boot with irqaffinity=0");
}

TEST(CauseRemedies, AWorkerIsNoTaskThatOneCouldMove)
{
    const auto remedies = remedies_for({{"task kworker/3:1", 2}, {"work item refresh_vm_stats", 2}});
    EXPECT_THAT(remedies, HasSubstr("workqueue_queue_work"));
    EXPECT_THAT(remedies, Not(HasSubstr("CPUAffinity")));
}

TEST(CauseRemedies, ASpecialOneGoesBeforeTheGeneral)
{
    EXPECT_THAT(remedies_for({{"work item vmstat_update", 2}}), HasSubstr("vm.stat_interval"));
    EXPECT_THAT(remedies_for({{"interrupt from <idle> on CPU 0: dl_task_timer", 2}}), HasSubstr("fair_server"));
}

TEST(CauseRemedies, ATaskIsAdvisedAgainstOnce)
{
    EXPECT_EQ(remedies_for({{"the tick is held by SCHED", 9},
                            {"interrupt from <idle> on CPU 0: sched_ttwu_pending", 8},
                            {"task cron", 7},
                            {"task migration/3", 1}}),
              remedies_for({{"task cron", 1}}));
}

TEST(CauseRemedies, OfNothingKnownThereIsSomethingGeneral)
{
    EXPECT_THAT(remedies_for({}), HasSubstr("dmesg"));
    EXPECT_EQ(remedies_for({{"timer something_new", 1}}), remedies_for({}));
}

} // namespace krun
