// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "util/progress.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

// While it lives, stderr is a terminal that nobody looks at but us.
class TerminalOnStderr
{
  public:
    TerminalOnStderr() : terminal_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), before_(dup(STDERR_FILENO))
    {
        grantpt(terminal_);
        unlockpt(terminal_);
        const int other_end = open(ptsname(terminal_), O_RDWR | O_NOCTTY | O_CLOEXEC);
        dup2(other_end, STDERR_FILENO);
        close(other_end);
        reader_ = std::thread([this] {
            std::array<char, 4096> chunk{};
            for (ssize_t size = 0; (size = read(terminal_, chunk.data(), chunk.size())) > 0;)
                written_.append(chunk.data(), static_cast<std::size_t>(size));
        });
    }
    TerminalOnStderr(const TerminalOnStderr &) = delete;
    TerminalOnStderr &operator=(const TerminalOnStderr &) = delete;
    ~TerminalOnStderr()
    {
        if (reader_.joinable())
            std::ignore = written();
        close(before_);
        close(terminal_);
    }
    // Everything that was written; stderr is the old one from now on.
    std::string written()
    {
        dup2(before_, STDERR_FILENO); // the last descriptor of the other end: read() above ends
        reader_.join();
        return written_;
    }

  private:
    int terminal_;
    int before_;
    std::string written_;
    std::thread reader_;
};

// The lines that somebody sees in the end. Knows the few control sequences that Progress uses.
std::vector<std::string> seen(const std::string &written)
{
    std::vector<std::string> lines(1);
    std::size_t row = 0;
    std::size_t column = 0;
    for (std::size_t at = 0; at < written.size(); ++at) {
        if (written[at] == '\r') {
            column = 0;
        } else if (written[at] == '\n') { // the terminal itself puts the \r before it
            lines.resize(std::max(lines.size(), ++row + 1));
        } else if (written[at] == '\033') {
            std::size_t number = 0;
            for (at += 2; std::isdigit(static_cast<unsigned char>(written[at])) != 0; ++at)
                number = number * 10 + static_cast<std::size_t>(written[at] - '0');
            if (written[at] == 'A')
                row -= std::min(row, number);
            else if (written[at] == 'J')
                lines.resize(row + 1);
            lines[row].resize(column);
        } else {
            lines[row].resize(std::max(lines[row].size(), column + 1));
            lines[row][column++] = written[at];
        }
    }
    return lines;
}

TEST(Progress, BarsOfTwoThreadsStandBelowEachOtherAndLeaveOnlyWhatWasSaid)
{
    TerminalOnStderr terminal;
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
    const auto lines = seen(written);
    EXPECT_EQ(lines.size(), 11U) << written; // 2 * (4 + 1), and the empty one below
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "krunctl: kernel says"), 4);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "krunctl: qemu says"), 4);
    EXPECT_THAT(lines, Contains(StartsWith("krunctl: kernel: 40 steps")));
    EXPECT_THAT(lines, Contains(StartsWith("krunctl: qemu: 40 steps")));
}

TEST(Progress, ABarThatIsLeftUnfinishedTakesOnlyItselfAway)
{
    TerminalOnStderr terminal;
    {
        const Progress kernel("kernel", 10);
        {
            const Progress qemu("qemu", 10);
        }
        say("qemu failed");
    }
    const auto lines = seen(terminal.written());
    EXPECT_EQ(lines, (std::vector<std::string>{"krunctl: qemu failed", ""}));
}

} // namespace
} // namespace krun
