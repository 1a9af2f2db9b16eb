// SPDX-License-Identifier: MIT
// `krunctl stat` while its command runs: what the command says on a control channel, and signals.
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <pty.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "stat_fixture.hpp"

namespace krun
{
namespace
{

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class StatControlTest : public StatTest
{
  protected:
    // Of a command that may use `say WORD`, which waits for the acknowledgement and prints it.
    json run_of(const std::string &script, const std::string &channel = "fifo:commands,acks")
    {
        write_text(folder / "script", "say() { echo $1 >&3; read answer <&4; echo $answer; }\n"
                                      "[ -n \"$HAS_THEM\" ] || exec 3>commands 4<acks\n" +
                                          script);
        result = shell("mkfifo commands acks; " + open_first + " \"$0\" stat --json --output report --control " +
                       channel + " -- sh script");
        if (!std::filesystem::exists(folder / "report"))
            return {};
        return json::parse(read_text(folder / "report")).at("commands").at(0).at("runs").at(0);
    }
    std::string open_first;
    ProcessResult result;
};

TEST_F(StatControlTest, CountsOnlyBetweenEnableAndDisable)
{
    const auto run = run_of("say enable; say disable; sleep 0.1; say enable; say disable; exit 3");
    EXPECT_EQ(result.output, "ack\nack\nack\nack\n");
    EXPECT_EQ(result.status, 3);
    EXPECT_EQ(run.at("windows_count"), 2);
    EXPECT_GT(run.at("elapsed_s").get<double>(), 0);
}

TEST_F(StatControlTest, TakesDescriptorsThatTheCommandHasToo)
{
    // One descriptor for both ends, as perf's manual shows it: the command's `read` must go on to wait.
    open_first = "exec 3<>commands 4<>acks; export HAS_THEM=1;";
    const auto run = run_of("say ping; say enable; say disable", "fd:3,4");
    EXPECT_EQ(result.output, "ack\nack\nack\n") << result.errors;
    EXPECT_EQ(run.at("windows_count"), 1);
}

TEST_F(StatControlTest, SayingItTwiceIsSayingItOnce)
{
    EXPECT_EQ(run_of("say disable; say enable; say enable; say disable; say disable").at("windows_count"), 1);
    EXPECT_EQ(result.output, "ack\nack\nack\nack\nack\n");
}

TEST_F(StatControlTest, TheEndOfTheCommandEndsTheMeasurement)
{
    EXPECT_EQ(run_of("say enable").at("windows_count"), 1);
}

TEST_F(StatControlTest, ADisableThatItDoesNotWaitForCountsToo)
{
    const auto run = run_of("say enable; echo disable >&3");
    EXPECT_EQ(run.at("windows_count"), 1);
}

TEST_F(StatControlTest, WithoutEnableNothingIsMeasuredAndNothingIsSaidOfIt)
{
    const auto run = run_of("say ping; exit 0");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output, "ack\n");
    EXPECT_EQ(run.at("windows_count"), 0);
    EXPECT_FALSE(run.contains("elapsed_s"));
    EXPECT_THAT(run.at("verdict").at("reason").get<std::string>(), HasSubstr("never wrote \"enable\""));
    const auto log = stat({"--format", "rebench", "--control", "fifo:commands", "--", "true"});
    EXPECT_EQ(log.errors, "");
}

TEST_F(StatControlTest, AnUnknownWordIsReportedAndAnsweredSoThatNobodyWaitsForEver)
{
    const auto run = run_of("say enabel; say enable; say disable");
    EXPECT_EQ(result.output, "ack\nack\nack\n");
    EXPECT_THAT(result.errors, HasSubstr("krunctl: --control: unknown command \"enabel\"\n"));
    EXPECT_EQ(run.at("windows_count"), 1);
}

TEST_F(StatControlTest, AChannelThatIsNotThereIsWrongUsageBeforeTheCommandRuns)
{
    write_text(folder / "file", "");
    EXPECT_EQ(shell("mkfifo fifo").status, 0);
    for (const auto &[channel, status] : std::vector<std::pair<std::string, int>>{
             {"fifo:file", 2}, {"fd:77", 2}, {"fd:x", 2}, {"fifo:fifo,file", 2}, {"fifo:none", 4}}) {
        const auto refused = stat({"--control", channel, "--", "touch", "ran"});
        EXPECT_EQ(refused.status, status) << channel;
        EXPECT_THAT(refused.errors, testing::StartsWith("krunctl: error: ")) << channel;
        EXPECT_FALSE(std::filesystem::exists(folder / "ran"));
    }
}

// A child's switches go with it: a window in which one came and went must not be called clean for lack of any.
TEST_F(StatControlTest, SwitchesOfAWindowAreKnownOnlyIfNoChildHasGone)
{
    EXPECT_FALSE(run_of("say enable; sh -c :; say disable").contains("task_switches_count"));
}

class StatSignalTest : public StatTest
{
  protected:
    // Notes each of its signals until the file `stop` is there.
    static constexpr const char *noting = "trap 'echo INT >>got' INT; trap 'echo TERM >>got' TERM; : >ready; "
                                          "while [ ! -e stop ]; do sleep 0.05; done; exit 7";
    bool wait_for(const std::string &file, const std::string &text = "")
    {
        for (int i = 0; i < 1200; i++) {
            if (std::filesystem::exists(folder / file) && (text.empty() || read_text(folder / file) == text))
                return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return false;
    }
};

TEST_F(StatSignalTest, WhatIsSentToKrunctlAloneReachesTheCommandWhichDecides)
{
    write_text(folder / "noting", noting);
    const auto result = shell("\"$0\" stat -r 5 -- sh noting & pid=$!; "
                              "await() { while [ \"$(cat got 2>/dev/null)\" != \"$1\" ]; do sleep 0.05; done; }; "
                              "while [ ! -e ready ]; do sleep 0.05; done; "
                              "kill -TERM $pid; await TERM; kill -TERM $pid; await 'TERM\nTERM'; "
                              ": >stop; wait $pid; echo status $?");
    EXPECT_EQ(result.output, "status 7\n");
    EXPECT_THAT(result.errors, HasSubstr(" user, "));
    EXPECT_EQ(read_text(folder / "got"), "TERM\nTERM\n");
}

TEST_F(StatSignalTest, ACommandThatDiesOfItIsReportedAndNoOtherRunFollows)
{
    const auto result = shell("\"$0\" stat -r 5 -- sh -c 'echo run >>runs; : >ready; exec sleep 100' & pid=$!; "
                              "while [ ! -e ready ]; do sleep 0.05; done; kill -HUP $pid; wait $pid; echo status $?");
    EXPECT_EQ(result.output, "status 129\n");
    EXPECT_THAT(result.errors, HasSubstr(" user, "));
    EXPECT_EQ(read_text(folder / "runs"), "run\n");
}

TEST_F(StatSignalTest, NoOtherRunFollowsThoughTheCommandSucceeds)
{
    const auto result = shell("\"$0\" stat -r 5 --compare 'touch other' -- sh -c 'trap : TERM; echo run >>runs; "
                              ": >ready; while [ ! -e stop ]; do sleep 0.05; done' & pid=$!; "
                              "while [ ! -e ready ]; do sleep 0.05; done; kill -TERM $pid; "
                              ": >stop; wait $pid; echo status $?");
    EXPECT_EQ(result.output, "status 0\n");
    EXPECT_EQ(read_text(folder / "runs"), "run\n");
    EXPECT_FALSE(std::filesystem::exists(folder / "other"));
}

// A terminal sends it to both.
TEST_F(StatSignalTest, ATerminalsCtrlCReachesTheCommandOnce)
{
    int terminal = -1;
    const auto pid = forkpty(&terminal, nullptr, nullptr, nullptr);
    ASSERT_GE(pid, 0);
    if (pid == 0) {
        if (chdir(folder.c_str()) == 0)
            execl(KRUNCTL, "krunctl", "stat", "--output", "report", "--", "sh", "-c", noting, nullptr);
        _exit(99);
    }
    EXPECT_TRUE(wait_for("ready"));
    EXPECT_EQ(write(terminal, "\003", 1), 1);
    EXPECT_TRUE(wait_for("got", "INT\n"));
    write_text(folder / "stop", "");
    int status = -1;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    close(terminal);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    EXPECT_EQ(read_text(folder / "got"), "INT\n");
    EXPECT_THAT(read_text(folder / "report"), HasSubstr(" user, "));
}

TEST_F(StatSignalTest, OneThatTheCallerIgnoresIsIgnoredByTheCommandToo)
{
    const auto result = shell("trap '' HUP; \"$0\" stat -- sh -c 'kill -HUP $$; echo alive'");
    EXPECT_EQ(result.output, "alive\n");
    EXPECT_EQ(result.status, 0);
}

} // namespace
} // namespace krun
