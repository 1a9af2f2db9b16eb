// SPDX-License-Identifier: MIT
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include "util/process.hpp"

namespace krun
{
namespace
{

Command shell(const std::string &script)
{
    Command command;
    command.argv = {"sh", "-c", script};
    return command;
}

TEST(PartRunner, AddsUpWhatItsProgramsCost)
{
    SystemProcessRunner runner;
    PartRunner part(runner);
    PartRunner other(runner);
    const auto work = shell("at=0; while [ $at -lt 50000 ]; do at=$((at + 1)); done");
    const auto first = part.run(work);
    ASSERT_TRUE(first);
    EXPECT_GT(part.cpu_seconds(), 0);
    const auto second = part.run(work);
    ASSERT_TRUE(second);
    EXPECT_DOUBLE_EQ(part.cpu_seconds(), first->cpu_seconds + second->cpu_seconds);
    EXPECT_EQ(other.cpu_seconds(), 0);
}

TEST(PartRunner, AnotherThreadEndsTheProgramThatRunsAndNoOtherStarts)
{
    SystemProcessRunner runner;
    PartRunner part(runner);
    const auto begun = std::chrono::steady_clock::now();
    std::thread stopper([&part] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        part.stop();
    });
    const auto stopped = part.run(shell("sleep 60 & wait"));
    stopper.join();
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ExitCode::interrupted);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
    const auto next = part.run(shell("true"));
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, ExitCode::interrupted);
    EXPECT_TRUE(runner.run(shell("true"))) << "only this part was stopped";
}

} // namespace
} // namespace krun
