// SPDX-License-Identifier: MIT
#include <chrono>
#include <csignal>
#include <fstream>
#include <future>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

Command command_of(std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    return command;
}

TEST(Process, KeepsBothStreamsApart)
{
    SystemProcessRunner runner;
    const auto result = runner.run(command_of({"sh", "-c", "echo out; echo err >&2"}));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->output, "out\n");
    EXPECT_EQ(result->errors, "err\n");
    EXPECT_TRUE(result->ok());
}

TEST(Process, ReportsTheExitStatusAndASignalAsAShellDoes)
{
    SystemProcessRunner runner;
    EXPECT_EQ(runner.run(command_of({"sh", "-c", "exit 7"}))->status, 7);
    EXPECT_EQ(runner.run(command_of({"sh", "-c", "kill -KILL $$"}))->status, 128 + SIGKILL);
}

TEST(Process, ArgumentsAreNoShellText)
{
    SystemProcessRunner runner;
    EXPECT_EQ(runner.run(command_of({"printf", "%s", "a b; $HOME 'x'"}))->output, "a b; $HOME 'x'");
}

TEST(Process, AMissingProgramIsSomethingTheHostLacks)
{
    SystemProcessRunner runner;
    const auto result = runner.run(command_of({"krun-no-such-program"}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ExitCode::host_lacks);
    EXPECT_THAT(result.error().message, HasSubstr("krun-no-such-program"));
    EXPECT_FALSE(result.error().hint.empty());
}

TEST(Process, AMissingFolderIsNotTakenForAMissingProgram)
{
    SystemProcessRunner runner;
    auto command = command_of({"true"});
    command.directory = "/nonexistent/folder";
    const auto result = runner.run(command);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ExitCode::failure);
    EXPECT_THAT(result.error().message, HasSubstr("/nonexistent/folder"));
}

TEST(Process, FeedsInputLargerThanAPipeWhileReadingOutput)
{
    SystemProcessRunner runner;
    auto command = command_of({"cat"});
    command.input = std::string(1 << 20, 'x');
    EXPECT_EQ(runner.run(command)->output.size(), command.input.size());
}

TEST(Process, WithoutInputStdinIsAtItsEnd)
{
    SystemProcessRunner runner;
    auto command = command_of({"cat"});
    command.timeout = 20s;
    EXPECT_TRUE(runner.run(command)->ok());
}

TEST(Process, CallsBackForEachLineAndForAnUnfinishedLast)
{
    SystemProcessRunner runner;
    auto command = command_of({"printf", "one\n\ntwo"});
    std::vector<std::string> lines;
    command.on_line = [&](const std::string &line) { lines.push_back(line); };
    ASSERT_TRUE(runner.run(command));
    EXPECT_THAT(lines, ElementsAre("one", "", "two"));
}

TEST(Process, TimeoutKillsTheWholeGroupAndSoonToo)
{
    const TemporaryFolder folder;
    SystemProcessRunner runner;
    // The grandchild would make the file if it outlived its parent.
    auto command = command_of({"sh", "-c", "(sleep 2; touch survived) & sleep 60"});
    command.directory = folder.path();
    command.timeout = 200ms;
    const auto started = std::chrono::steady_clock::now();
    const auto result = runner.run(command);
    EXPECT_LT(std::chrono::steady_clock::now() - started, 2s);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->timed_out);
    EXPECT_FALSE(result->ok());
    std::this_thread::sleep_for(2500ms);
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "survived"));
}

TEST(Process, DoesNotWaitForAnOrphanThatKeepsThePipeOpen)
{
    SystemProcessRunner runner;
    const auto started = std::chrono::steady_clock::now();
    const auto result = runner.run(command_of({"sh", "-c", "sleep 10 & echo done"}));
    EXPECT_LT(std::chrono::steady_clock::now() - started, 8s);
    EXPECT_EQ(result->output, "done\n");
}

TEST(Process, AppendsToTheLogWithTheCommandAbove)
{
    const TemporaryFolder folder;
    SystemProcessRunner runner;
    SystemFilesystem files;
    auto command = command_of({"sh", "-c", "echo out; echo err >&2"});
    command.log = folder.path() / "new/log";
    ASSERT_TRUE(runner.run(command));
    ASSERT_TRUE(runner.run(command));
    const auto log = files.read(command.log).value();
    EXPECT_EQ(lines_of(log).size(), 6U);
    EXPECT_THAT(log, HasSubstr("$ sh -c 'echo out; echo err >&2'\n"));
}

TEST(Process, AFullDiskUnderTheLogEndsTheProgramWithAClearError)
{
    SystemProcessRunner runner;
    auto command = command_of({"sleep", "30"});
    command.log = "/dev/full";
    const auto result = runner.run(command);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ExitCode::failure);
    EXPECT_THAT(result.error().message, HasSubstr("no space left on"));
}

TEST(Process, RunOkNamesProgramStatusAndLastWords)
{
    SystemProcessRunner runner;
    const auto result = runner.run_ok(command_of({"sh", "-c", "echo reason >&2; exit 3"}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "`sh` failed with status 3: reason");
}

TEST(Process, RunOkRecognisesAFullDiskOfTheProgram)
{
    SystemProcessRunner runner;
    auto command = command_of({"sh", "-c", "echo text > /dev/full"});
    command.environment["LC_ALL"] = "C";
    // dash words it in its own way, so that a program of coreutils is asked
    command.argv = {"dd", "if=/dev/zero", "of=/dev/full", "bs=1", "count=1"};
    const auto result = runner.run_ok(command);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("no space left on"));
}

TEST(Process, CountsTheCpuTimeOfItsDescendantsButNoWaiting)
{
    SystemProcessRunner runner;
    // The inner shell works, the outer one only waits for it.
    const auto busy =
        runner.run(command_of({"sh", "-c", "sh -c 'n=0; while [ $n -lt 300000 ]; do n=$((n + 1)); done'; echo done"}));
    ASSERT_TRUE(busy);
    EXPECT_EQ(busy->output, "done\n");
    EXPECT_GT(busy->cpu_seconds, 0.05);
    const auto idle = runner.run(command_of({"sleep", "0.5"}));
    ASSERT_TRUE(idle);
    EXPECT_LT(idle->cpu_seconds, 0.3);
}

TEST(Process, TwoThreadsRunProgramsSideBySide)
{
    SystemProcessRunner runner;
    const auto run_many = [&runner](const std::string &name) {
        int right = 0;
        for (int round = 0; round < 40; ++round) {
            auto command = command_of({"sh", "-c", "read line; echo $line $NAME; exit 3"});
            command.environment["NAME"] = name + std::to_string(round);
            command.input = name + "\n";
            const auto result = runner.run(command);
            right += result && result->status == 3 && result->output == name + " " + name + std::to_string(round) + "\n"
                         ? 1
                         : 0;
        }
        return right;
    };
    auto one = std::async(std::launch::async, run_many, "one");
    auto two = std::async(std::launch::async, run_many, "two");
    EXPECT_EQ(one.get(), 40);
    EXPECT_EQ(two.get(), 40);
}

TEST(Process, AProgramIsLookedForOnThePathThatItGets)
{
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "krun-test-program") << "#!/bin/sh\necho found\n";
    std::filesystem::permissions(folder.path() / "krun-test-program", std::filesystem::perms::owner_all);
    SystemProcessRunner runner;
    auto command = command_of({"krun-test-program"});
    command.environment["PATH"] = folder.path().string() + ":/usr/bin:/bin";
    const auto result = runner.run(command);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->output, "found\n");
}

TEST(Process, QuotedCanBePastedIntoAShell)
{
    auto command = command_of({"make", "CC=ccache gcc", "it's"});
    command.directory = "/a b";
    command.environment["LC_ALL"] = "C";
    EXPECT_EQ(quoted(command), R"(cd '/a b' && LC_ALL=C make 'CC=ccache gcc' 'it'\''s')");
    SystemProcessRunner runner;
    auto echo = command_of({"printf", "%s|", "a'b", "", "$x", "~", "#", "*"});
    EXPECT_EQ(runner.run(command_of({"sh", "-c", quoted(echo)}))->output, "a'b||$x|~|#|*|");
}

TEST(FakeProcessRunner, LongestPrefixAnswers)
{
    FakeProcessRunner runner;
    runner.on({"git", "status"}, 3);
    runner.on({"git"}, 4);
    EXPECT_EQ(runner.run(command_of({"git", "status", "-s"}))->status, 3);
    EXPECT_EQ(runner.run(command_of({"git", "log"}))->status, 4);
    EXPECT_EQ(runner.count({"git"}), 2U);
}

} // namespace
} // namespace krun
