// SPDX-License-Identifier: MIT
#include <algorithm>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "fakes/own_terminal.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

TEST(Progress, BarsOfTwoThreadsStandBelowEachOtherAndLeaveOnlyWhatWasSaid)
{
    OwnTerminal terminal(STDERR_FILENO);
    const auto work = [](const std::string &name) {
        Progress progress(name, 40);
        for (int step = 0; step < 40; ++step) {
            progress.advance("step");
            if (step % 10 == 0)
                say(name + " says");
            std::this_thread::sleep_for(10ms);
        }
        progress.finish("40 steps");
    };
    std::thread kernel(work, "kernel");
    std::thread qemu(work, "qemu");
    kernel.join();
    qemu.join();
    const auto written = terminal.written();
    EXPECT_THAT(written, HasSubstr("\033[1A")); // there were two at a time
    const auto lines = lines_seen(written);
    EXPECT_EQ(lines.size(), 11U) << written; // 2 * (4 + 1), and the empty one below
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "krunctl: kernel says"), 4);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "krunctl: qemu says"), 4);
    EXPECT_THAT(lines, Contains(StartsWith("krunctl: kernel: 40 steps")));
    EXPECT_THAT(lines, Contains(StartsWith("krunctl: qemu: 40 steps")));
}

TEST(Progress, ABarThatIsLeftUnfinishedTakesOnlyItselfAway)
{
    OwnTerminal terminal(STDERR_FILENO);
    {
        const Progress kernel("kernel", 10);
        {
            const Progress qemu("qemu", 10);
        }
        say("qemu failed");
    }
    const auto lines = lines_seen(terminal.written());
    EXPECT_EQ(lines, (std::vector<std::string>{"krunctl: qemu failed", ""}));
}

} // namespace
} // namespace krun
