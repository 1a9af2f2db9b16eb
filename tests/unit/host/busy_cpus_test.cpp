// SPDX-License-Identifier: MIT
// On the CPUs of the machine that runs the tests.
#include "host/busy_cpus.hpp"

#include <cerrno>
#include <cstddef>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fakes/fake_process_runner.hpp"
#include "host/cpu_sets.hpp"
#include "host/host.hpp"

namespace krun
{

namespace
{

using testing::IsEmpty;

constexpr int no_such_cpu = 5000; // beyond what a cpu_set_t holds

// From now on sched_setaffinity(2) is EPERM, as a container's filter may have it. False where filters are not to be
// had.
bool refuse_affinity()
{
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {static_cast<unsigned short>(std::size(code)), code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

} // namespace

TEST(BusyCpus, StayWhereTheyAreTold)
{
    BusyCpus busy(allowed_cpus());
    EXPECT_THAT(busy.stop(), IsEmpty());
}

TEST(BusyCpus, ACpuThatIsRefusedIsReported)
{
    const int cpu = allowed_cpus().front();
    BusyCpus busy({cpu, no_such_cpu});
    EXPECT_THAT(busy.stop(), testing::ElementsAre(testing::Pair(no_such_cpu, EINVAL)));
}

// As a CPU that goes offline does to the threads that are pinned to it.
TEST(BusyCpus, AThreadThatTheKernelHasMovedAwayIsReported)
{
    const auto cpus = allowed_cpus();
    if (cpus.size() < 2)
        GTEST_SKIP() << "one CPU only";
    EXPECT_FALSE(runs_on_nothing_but(cpus[0]));
    const PinnedThread pinned({cpus[0]});
    ASSERT_EQ(pinned.error(), 0);
    EXPECT_TRUE(runs_on_nothing_but(cpus[0]));
    EXPECT_FALSE(runs_on_nothing_but(cpus[1]));
}

TEST(PinnedThread, ReturnsAndSaysWhatWasRefused)
{
    const auto before = allowed_cpus();
    {
        const PinnedThread pinned({before.back()});
        EXPECT_EQ(pinned.error(), 0);
        EXPECT_EQ(allowed_cpus(), std::vector<int>{before.back()});
    }
    EXPECT_EQ(allowed_cpus(), before);
    EXPECT_EQ(PinnedThread({no_such_cpu}).error(), EINVAL);
    EXPECT_EQ(PinnedThread({}).error(), EINVAL);
    EXPECT_EQ(allowed_cpus(), before);
}

// In a process of its own: a filter cannot be taken off again.
TEST(SystemHost, ARefusedAffinityIsNotAMeasurement)
{
    const auto cpus = allowed_cpus();
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        if (!refuse_affinity())
            _exit(77);
        FakeProcessRunner runner;
        SystemHost host(runner);
        const bool tick_is_unknown = !host.disturbance_while_busy(cpus.back(), Load::computes, 0.01, false);
        const bool busy_is_refused = host.keep_busy({cpus.back()}, 0.01) == std::map<int, int>{{cpus.back(), EPERM}};
        _exit((tick_is_unknown ? 0 : 1) + (busy_is_refused ? 0 : 2));
    }
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    ASSERT_TRUE(WIFEXITED(how));
    if (WEXITSTATUS(how) == 77)
        GTEST_SKIP() << "no seccomp filters here";
    EXPECT_EQ(WEXITSTATUS(how), 0);
}

TEST(SystemHost, WhatComesToACpuThatIsNotThereIsUnknown)
{
    FakeProcessRunner runner;
    SystemHost host(runner);
    const auto interrupts = host.disturbance_while_busy(no_such_cpu, Load::computes, 0.01, false);
    ASSERT_FALSE(interrupts);
    EXPECT_THAT(interrupts.error().message, testing::HasSubstr("may not run on CPU"));
}

} // namespace krun
