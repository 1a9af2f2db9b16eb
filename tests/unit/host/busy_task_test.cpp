// SPDX-License-Identifier: MIT
#include "host/busy_cpus.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "host/cpu_sets.hpp"
#include "host/measured_run.hpp"

namespace krun
{

namespace
{

// Of user mode and of the kernel's, in ticks (proc(5): utime and stime).
std::pair<long, long> ticks_of(pid_t pid)
{
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string word;
    long user = 0;
    for (int field = 1; field < 14 && file >> word; ++field) {
    }
    long system = 0;
    file >> user >> system;
    return {user, system};
}

std::pair<long, long> ticks_after_a_while(Load load)
{
    const auto task = BusyTask::start(allowed_cpus().back(), load);
    EXPECT_TRUE(task);
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    EXPECT_TRUE(task->is_there());
    EXPECT_TRUE(switches_of_process(task->pid()));
    return ticks_of(task->pid());
}

} // namespace

TEST(BusyTask, ThatComputesStaysOutOfTheKernel)
{
    const auto [user, system] = ticks_after_a_while(Load::computes);
    EXPECT_GT(user, 5);
    EXPECT_LE(system, user / 4);
}

TEST(BusyTask, ThatCallsIsMostlyInTheKernel)
{
    const auto [user, system] = ticks_after_a_while(Load::calls);
    EXPECT_GT(system, 5);
    EXPECT_GT(system, user);
}

TEST(BusyTask, EndsWithItsOwner)
{
    pid_t pid = 0;
    {
        const auto task = BusyTask::start(allowed_cpus().back(), Load::calls);
        ASSERT_TRUE(task);
        pid = task->pid();
        EXPECT_EQ(kill(pid, 0), 0);
    }
    EXPECT_EQ(kill(pid, 0), -1);
}

TEST(BusyTask, IsRefusedOnACpuThatIsNotThere)
{
    const auto task = BusyTask::start(100000, Load::computes);
    ASSERT_FALSE(task);
    EXPECT_NE(task.error().message.find("CPU 100000"), std::string::npos);
}

} // namespace krun
