// SPDX-License-Identifier: MIT
#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/own_process.hpp"
#include "util/process.hpp"

namespace krun
{
namespace
{

// In a child process, as the flag stays set for ever.
bool in_child(bool (*look)())
{
    const auto pid = fork();
    if (pid == 0) {
        install_interrupt_handlers();
        _exit(look() ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(InterruptTest, WhileItIsHeldProgramsRunOnAndItIsNotedForLater)
{
    EXPECT_TRUE(in_child([] {
        SystemProcessRunner runner;
        Command command;
        command.argv = {"true"};
        bool held_back = false;
        {
            const HeldInterrupts held;
            raise(SIGINT);
            held_back = !interrupt_requested() && interrupt_noted() && runner.run(command).has_value();
        }
        const auto afterwards = runner.run(command);
        return held_back && interrupt_requested() && !afterwards && afterwards.error().code == ExitCode::interrupted;
    }));
}

class Ignored : public testing::TestWithParam<int>
{
};

int ignored_signal = 0;

TEST_P(Ignored, StaysIgnoredHereAndInPrograms)
{
    ignored_signal = GetParam();
    signal(ignored_signal, SIG_IGN);
    EXPECT_TRUE(in_child([] {
        raise(ignored_signal);
        SystemProcessRunner runner;
        Command command;
        command.argv = {"sh", "-c", "kill -$0 $$; echo alive", std::to_string(ignored_signal)};
        const auto result = runner.run(command);
        return !interrupt_noted() && result && result->output == "alive\n";
    }));
    signal(ignored_signal, SIG_DFL);
}

INSTANTIATE_TEST_SUITE_P(Signals, Ignored, testing::Values(SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE));

TEST(InterruptTest, EachSignalThatAsksForTheEndIsNoted)
{
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT}) {
        ignored_signal = number;
        EXPECT_TRUE(in_child([] {
            raise(ignored_signal);
            return interrupt_requested() && interrupt_signal() == ignored_signal;
        }));
    }
}

TEST(InterruptTest, ProgramsHaveTheirSigpipeWhenTheCallerHadIt)
{
    EXPECT_TRUE(in_child([] {
        SystemProcessRunner runner;
        Command command;
        command.argv = {"sh", "-c", "kill -PIPE $$; echo alive"};
        const auto result = runner.run(command);
        return result && result->status == 128 + SIGPIPE;
    }));
}

// With it, wait() would find no status of any program, and never see one end.
TEST(InterruptTest, ACallerThatIgnoresSigchldCostsNoStatus)
{
    signal(SIGCHLD, SIG_IGN);
    const auto pid = fork();
    if (pid == 0) {
        alarm(10);
        install_interrupt_handlers();
        SystemProcessRunner runner;
        Command command;
        command.argv = {"sh", "-c", "exit 3"};
        const auto result = runner.run(command);
        _exit(result && result->status == 3 ? 0 : 1);
    }
    signal(SIGCHLD, SIG_DFL);
    int status = -1;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

} // namespace
} // namespace krun
