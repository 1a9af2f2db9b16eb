// SPDX-License-Identifier: MIT
// `krunctl watch` on the machine that runs the tests, whatever counters it has. What it shows of a Krun kernel is seen
// in the guest.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "fakes/own_terminal.hpp"
#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

using Lines = std::vector<std::string>;

class WatchTest : public testing::Test
{
  protected:
    static bool is_krun_kernel() { return access("/sys/class/misc/krun", F_OK) == 0; }
    ProcessResult watch(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"watch", "--interval", "0.05"});
        return sandbox.krunctl(arguments);
    }
    Sandbox sandbox;
};

TEST_F(WatchTest, WorksOnAnyMachineAndSaysWhatItLacks)
{
    if (is_krun_kernel())
        GTEST_SKIP() << "this machine runs a Krun kernel";
    const auto result = watch({"--count", "2"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, StartsWith("reading 1, "));
    EXPECT_THAT(result.output, HasSubstr("\nreading 2, "));
    EXPECT_THAT(result.output, HasSubstr("\nCPU  status"));
    EXPECT_THAT(result.output, HasSubstr("\n  0  "));
    EXPECT_THAT(result.errors, StartsWith("krunctl: note: not using device: "));
    EXPECT_THAT(result.errors, HasSubstr("\nkrunctl: note: not using calls: "));
    EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
    // Once, although there were two readings.
    EXPECT_EQ(result.errors.find("not using device"), result.errors.rfind("not using device"));
}

TEST_F(WatchTest, AWayThatIsAskedForMustWork)
{
    if (is_krun_kernel())
        GTEST_SKIP() << "this machine runs a Krun kernel";
    const auto result = watch({"--count", "1", "--way", "device"});
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.errors, StartsWith("krunctl: error: cannot read the counters using device: "));
    EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
}

TEST_F(WatchTest, InterruptsAreCountedOnAnyMachine)
{
    const auto result = watch({"--count", "2", "--way", "tsc", "--json", "--cpus", "0"});
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto lines = lines_of(result.output);
    ASSERT_EQ(lines.size(), 2U);
    for (const auto &line : lines) {
        const auto json = nlohmann::json::parse(line);
        EXPECT_EQ(json.at("schema"), 1);
        EXPECT_EQ(json.at("session").at("way"), "tsc");
        ASSERT_EQ(json.at("cpus").size(), 1U);
        const auto &cpu = json["cpus"][0];
        EXPECT_EQ(cpu.at("cpu"), 0);
        EXPECT_EQ(cpu.at("status"), "ok");
        EXPECT_GT(cpu.at("elapsed_s"), 0);
        EXPECT_GE(cpu.at("interrupts_per_s"), 0);
        for (const char *missing : {"frequency_hz", "busy_ratio", "aperf_count", "cycles_count", "switches_per_s"})
            EXPECT_FALSE(cpu.contains(missing)) << missing;
        EXPECT_THAT(json.at("decreases"), IsEmpty());
    }
    EXPECT_EQ(result.errors, "krunctl: note: tsc does not count aperf, mperf, cycles, switches\n");
}

TEST_F(WatchTest, WithoutATerminalTheEnvironmentSaysHowWideATableIs)
{
    sandbox.environment["COLUMNS"] = "20";
    sandbox.environment["LINES"] = "3";
    const auto lines = lines_of(watch({"--count", "1"}).output);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].size(), 20U);
    EXPECT_THAT(lines[1], StartsWith("CPU  status"));
    EXPECT_THAT(lines[2], HasSubstr(" CPUs not shown"));
}

// Not at the next reading, which is an hour away.
TEST_F(WatchTest, EndsQuietlyWithItsReader)
{
    const auto result = sandbox.run(
        {"sh", "-c", "{ \"$0\" watch --way tsc --interval 3600 2>/dev/null; echo $? >status; } | head -1; cat status",
         KRUNCTL});
    EXPECT_THAT(lines_of(result.output), ElementsAre(StartsWith("reading 1, "), "0"));
    EXPECT_EQ(result.errors, "");
}

TEST_F(WatchTest, ReadingsThatCannotBeWrittenAreNoSuccess)
{
    const auto result =
        sandbox.run({"sh", "-c", "\"$0\" watch --way tsc --count 2 --interval 0.05 >/dev/full", KRUNCTL});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("krunctl: error: cannot write to stdout"));
}

class WatchOnATerminal : public testing::Test
{
  protected:
    // In the background, with our stdout.
    void begin(const std::vector<std::string> &arguments)
    {
        std::vector<std::string> words = {KRUNCTL, "watch", "--way", "tsc"};
        words.insert(words.end(), arguments.begin(), arguments.end());
        std::vector<char *> argv;
        for (auto &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        child_ = fork();
        if (child_ == 0) {
            close(STDERR_FILENO);
            execv(argv.front(), argv.data());
            _exit(125);
        }
    }
    int end(int signal)
    {
        int status = 0;
        kill(child_, signal);
        waitpid(child_, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

  private:
    pid_t child_ = -1;
};

TEST_F(WatchOnATerminal, EachReadingTakesThePlaceOfTheOneBefore)
{
    OwnTerminal terminal(STDOUT_FILENO);
    begin({"--interval", "0.05"});
    const bool third = terminal.comes_to_show(
        [](const Lines &lines) { return lines[0].starts_with("reading 3, ") && lines.back().empty(); });
    EXPECT_EQ(end(SIGINT), 0);
    const auto lines = lines_seen(terminal.written());
    EXPECT_TRUE(third);
    EXPECT_THAT(lines[0], StartsWith("reading "));
    EXPECT_THAT(lines[1], StartsWith("CPU  status"));
    for (std::size_t i = 1; i < lines.size(); i++)
        EXPECT_THAT(lines[i], Not(HasSubstr("reading")));
}

// The next reading is an hour away: it is the last one that is laid out anew.
TEST_F(WatchOnATerminal, ANewSizeTakesEffectAtOnce)
{
    OwnTerminal terminal(STDOUT_FILENO);
    begin({"--interval", "3600"});
    EXPECT_TRUE(terminal.comes_to_show([](const Lines &lines) { return lines.size() > 2 && lines.back().empty(); }));
    EXPECT_THAT(terminal.seen()[1], HasSubstr("cycles"));
    terminal.resize(4, 30);
    const bool small = terminal.comes_to_show([](const Lines &lines) {
        return lines.size() == 4 && lines[0].size() == 30 && lines[1] == "CPU  status  MHz  busy  irq/s" &&
               lines[2].find(" CPUs not shown") != std::string::npos && lines[3].empty();
    });
    terminal.resize(24, 80);
    const bool large = terminal.comes_to_show([](const Lines &lines) {
        return lines.size() > 2 && lines[1].find("cycles") != std::string::npos && lines.back().empty();
    });
    EXPECT_EQ(end(SIGTERM), 0);
    EXPECT_TRUE(small);
    EXPECT_TRUE(large);
}

} // namespace
} // namespace krun
