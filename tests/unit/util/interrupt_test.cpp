// SPDX-License-Identifier: MIT
#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/interrupt.hpp"
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

} // namespace
} // namespace krun
