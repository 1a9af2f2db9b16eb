// SPDX-License-Identifier: MIT
// `krunctl stat`: the command's own status and streams, the report's place and form, runs and comparisons.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sched.h>
#include <unistd.h>

#include "stat_fixture.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

TEST_F(StatTest, EndsWithTheCommandsStatusAndLeavesItsOutputAlone)
{
    const auto result = stat({"--", "sh", "-c", "echo out; echo err >&2; exit 7"});
    EXPECT_EQ(result.status, 7);
    EXPECT_EQ(result.output, "out\n");
    EXPECT_THAT(result.errors, StartsWith("err\n\n sh -c "));
    EXPECT_THAT(result.errors, HasSubstr(" user, "));
    EXPECT_EQ(stat({"true"}).status, 0);
}

TEST_F(StatTest, ASignalsStatusIsThatOfAShell)
{
    for (const auto &[signal, status] : std::vector<std::pair<std::string, int>>{{"TERM", 143}, {"PIPE", 141}}) {
        const auto result = stat({"--", "sh", "-c", "kill -" + signal + " $$"});
        EXPECT_EQ(result.status, status);
        EXPECT_THAT(result.errors, HasSubstr(" user, "));
    }
}

// krunctl itself may open as many files as its user may.
TEST_F(StatTest, TheCommandsLimitOfOpenFilesIsWhatItWas)
{
    const auto result = shell(R"sh(ulimit -Sn 200
        exec "$0" stat --output report -- sh -c '
            ulimit -Sn
            own=$(sed -n "s/^Max open files *\([^ ]*\) .*/\1/p" /proc/$PPID/limits)
            test "$own" = "$(ulimit -Hn)" && echo raised')sh");
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(result.output, "200\nraised\n");
}

TEST_F(StatTest, ACommandThatCannotBeRunHasTheStatusOfEnvAndNoReport)
{
    const auto missing = stat({"--", "no-such-program"});
    EXPECT_EQ(missing.status, 127);
    EXPECT_EQ(missing.errors, "krunctl: error: cannot run no-such-program: No such file or directory\n");
    write_text(folder / "text", "text\n");
    const auto text = stat({"--", "./text"});
    EXPECT_EQ(text.status, 126);
    EXPECT_THAT(text.errors, HasSubstr("cannot run ./text: Permission denied"));
    EXPECT_EQ(stat({"--", ""}).status, 127);
    EXPECT_EQ(stat({"--fail-on", "ticking", "--", "no-such-program"}).status, 127);
}

TEST_F(StatTest, WrongUsageRunsNothing)
{
    for (const auto &arguments : std::vector<std::vector<std::string>>{{},
                                                                       {"--"},
                                                                       {"-r", "0"},
                                                                       {"--runs", "many"},
                                                                       {"--way", "magic"},
                                                                       {"--fail-on", "clean"},
                                                                       {"--format", "xml"},
                                                                       {"--format", "rebench", "--compare", "true"},
                                                                       {"--cpus", "x"},
                                                                       {"--cpus", "0-9999"},
                                                                       {"--cpus", ""},
                                                                       {"--pin", "3-1"},
                                                                       {"--pin", "9999"},
                                                                       {"--pin", ""},
                                                                       {"--compare", ""},
                                                                       {"--output", ""},
                                                                       {"--control", "pipe:x"},
                                                                       {"--control", ""}}) {
        auto complete = arguments;
        if (arguments.size() > 1)
            complete.insert(complete.end(), {"--", "touch", "ran"});
        const auto result = stat(complete);
        EXPECT_EQ(result.status, 2) << testing::PrintToString(arguments);
        EXPECT_THAT(result.errors, StartsWith("krunctl: error: "));
        EXPECT_EQ(result.output, "");
        EXPECT_FALSE(std::filesystem::exists(folder / "ran")) << testing::PrintToString(arguments);
    }
}

TEST_F(StatTest, AWayThatIsNotThereIsStatusThreeWithItsRemedy)
{
    if (access("/sys/class/misc/krun", F_OK) == 0)
        GTEST_SKIP() << "this machine runs a Krun kernel";
    for (const auto *way : {"device", "calls"}) {
        const auto result = stat({"--way", way, "--", "touch", "ran"});
        EXPECT_EQ(result.status, 3);
        EXPECT_THAT(result.errors, StartsWith("krunctl: error: cannot read the counters using "));
        EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
        EXPECT_FALSE(std::filesystem::exists(folder / "ran"));
    }
}

TEST_F(StatTest, FailOnTurnsSuccessIntoOneAndNothingElse)
{
    if (sysconf(_SC_NPROCESSORS_ONLN) == 1)
        GTEST_SKIP() << "a machine with one CPU binds every command";
    // Not bound, so there is no verdict: nobody knows whether it was disturbed.
    const std::string anywhere = "exec taskset -c 0-1023 \"$0\" stat --fail-on ";
    const auto failed = shell(anywhere + "disturbed -- echo out");
    EXPECT_EQ(failed.status, 1);
    EXPECT_EQ(failed.output, "out\n");
    EXPECT_THAT(failed.errors, HasSubstr("no verdict: the command was not bound"));
    EXPECT_THAT(failed.errors,
                HasSubstr("\nkrunctl: exit status 1: 1 of 1 run disturbed or worse, or without a verdict "
                          "(--fail-on disturbed)\n"));
    const auto own = shell(anywhere + "disturbed -- sh -c 'exit 9'");
    EXPECT_EQ(own.status, 9);
    EXPECT_THAT(own.errors, Not(HasSubstr("exit status")));
    EXPECT_THAT(shell(anywhere + "disturbed -- false").errors, Not(HasSubstr("exit status")));
}

// Whose status is it?
TEST_F(StatTest, FailOnIsToldByTheJsonTooWhichStaysOneObject)
{
    if (sysconf(_SC_NPROCESSORS_ONLN) == 1)
        GTEST_SKIP() << "a machine with one CPU binds every command";
    const std::string anywhere = "exec taskset -c 0-1023 \"$0\" stat --json --fail-on ticking ";
    for (const auto &[command, status] : std::vector<std::pair<std::string, int>>{{"true", 1}, {"false", 1}}) {
        const auto result = shell(anywhere + "-r 2 -- " + command);
        EXPECT_EQ(result.status, status);
        const auto report = json::parse(result.errors);
        const auto &runs = report.at("commands").at(0).at("runs");
        EXPECT_EQ(report.at("fail_on"), json({{"kind", "ticking"}, {"failed_runs_count", runs.size()}}));
        EXPECT_EQ(runs.back().at("exit_status"), command == "true" ? 0 : 1);
    }
    const auto result = shell(anywhere + "--output report -- true");
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.errors, StartsWith("krunctl: exit status 1: "));
}

TEST_F(StatTest, TheReportGoesToTheOutputAtOnceOrNotAtAll)
{
    write_text(folder / "report", "old");
    EXPECT_EQ(stat({"--output", "report", "--", "no-such-program"}).status, 127);
    EXPECT_EQ(read_text(folder / "report"), "old");
    const auto result = stat({"--output", "report", "--", "sh", "-c", "cat report; echo err >&2; exit 5"});
    EXPECT_EQ(result.status, 5);
    EXPECT_EQ(result.output, "old");
    EXPECT_EQ(result.errors, "err\n");
    EXPECT_THAT(read_text(folder / "report"), StartsWith("\n sh -c "));
    EXPECT_EQ(shell("ls -A").output, "report\n"); // and nothing beside it
}

TEST_F(StatTest, AnOutputThatCannotBeWrittenIsAnErrorBeforeTheCommandRuns)
{
    std::filesystem::create_directory(folder / "directory");
    for (const auto *output : {"none/report", "directory", "directory/", "/proc/report"}) {
        const auto result = stat({"--output", output, "--", "touch", "ran"});
        EXPECT_EQ(result.status, 4) << output;
        EXPECT_THAT(result.errors, StartsWith("krunctl: error: cannot write ")) << output;
        EXPECT_FALSE(std::filesystem::exists(folder / "ran")) << output;
    }
}

// As on a full disk: what cannot be written completely is not there at all.
TEST_F(StatTest, AReportThatIsNotWrittenCompletelyLeavesTheOldOne)
{
    write_text(folder / "report", "old");
    const auto result = shell("trap '' XFSZ; ulimit -f 0; exec \"$0\" stat --output report -- true");
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, StartsWith("krunctl: error: cannot write report: "));
    EXPECT_EQ(read_text(folder / "report"), "old");
    EXPECT_EQ(shell("ls -A").output, "report\n");
    EXPECT_EQ(stat({"--output", "/dev/full", "--", "true"}).status, 4);
}

TEST_F(StatTest, JsonIsOneObjectAndMayHoldAnyByte)
{
    const auto result = shell("\"$0\" stat --json --way tsc -- sh -c 'printf x' sh \"$(printf '\\377')\"");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output, "x");
    const auto report = json::parse(result.errors);
    EXPECT_EQ(report.at("schema"), 1);
    EXPECT_EQ(report.at("session").at("way"), "tsc");
    const auto &run = report.at("commands").at(0).at("runs").at(0);
    EXPECT_EQ(run.at("exit_status"), 0);
    EXPECT_GT(run.at("elapsed_s").get<double>(), 0);
    EXPECT_FALSE(run.at("cpus").empty());
    EXPECT_FALSE(run.at("cpus").at(0).contains("cycles_count")); // the TSC alone tells none
}

TEST_F(StatTest, PinBindsTheCommandAndItsVerdictIsForThatCpu)
{
    cpu_set_t allowed;
    ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &allowed))
        cpu++;
    const auto twice = std::to_string(cpu) + "," + std::to_string(cpu);
    const auto result =
        stat({"--json", "--pin", twice, "--", "sh", "-c", "grep -E '^(Cpus_allowed_list|SigBlk)' /proc/self/status"});
    EXPECT_THAT(result.output, HasSubstr("Cpus_allowed_list:\t" + std::to_string(cpu) + "\n"));
    EXPECT_THAT(result.output, HasSubstr("SigBlk:\t0000000000000000\n"));
    const auto run = json::parse(result.errors).at("commands").at(0).at("runs").at(0);
    EXPECT_EQ(run.at("bound_cpus"), json({cpu}));
    EXPECT_TRUE(run.at("verdict").at("kind").is_string());
}

TEST_F(StatTest, ACpuThatIsNotCountedHasNoVerdict)
{
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2 || shell("taskset -c 0,1 true").status != 0)
        GTEST_SKIP() << "needs the CPUs 0 and 1";
    const auto result = stat({"--cpus", "0", "--pin", "1", "--", "true"});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.errors, HasSubstr("no verdict: the command was bound to CPUs that were not counted: 1"));
}

TEST_F(StatTest, RunsItAsOftenAsToldAndNotAfterAFailure)
{
    const auto all = stat({"-r", "3", "--", "sh", "-c", "echo run"});
    EXPECT_EQ(all.status, 0);
    EXPECT_EQ(all.output, "run\nrun\nrun\n");
    EXPECT_THAT(all.errors, HasSubstr("3 runs: mean "));
    const auto some = stat({"-r", "9", "--json", "--", "sh", "-c", "echo x >>log; [ $(wc -l <log) -lt 2 ]"});
    EXPECT_EQ(some.status, 1);
    EXPECT_EQ(json::parse(some.errors).at("commands").at(0).at("runs").size(), 2U);
}

TEST_F(StatTest, ComparesInTurnWithTheWordsOfAShell)
{
    const auto result = shell("export WORD='a b'; \"$0\" stat --json -r 2 --compare "
                              "\"printf '%s|' \\\"\\$WORD\\\" c\\ d 'e \\$f'\" -- printf 'first|'");
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(result.output, "first|a b|c d|e $f|first|a b|c d|e $f|");
    const auto report = json::parse(result.errors);
    EXPECT_EQ(report.at("commands").at(1).at("command"), json({"printf", "%s|", "a b", "c d", "e $f"}));
    EXPECT_EQ(report.at("comparison").at("pairs_count"), 2);
}

TEST_F(StatTest, ComparesTenPairsUnlessToldOtherwise)
{
    const auto result = stat({"--compare", "printf b", "--", "printf", "a"});
    EXPECT_EQ(result.output, "abababababababababab");
    EXPECT_THAT(result.errors, HasSubstr(", from 10 pairs\n"));
}

TEST_F(StatTest, ASecondCommandThatCannotBeReadIsRefusedWithTheReason)
{
    const std::vector<std::pair<std::string, std::string>> refused = {{"echo 'a", "unmatched quote"},
                                                                      {"a | b", "need a shell"},
                                                                      {"echo $(touch ran)", "command substitution"},
                                                                      {"echo `touch ran`", "command substitution"},
                                                                      {"echo $NO_SUCH_VARIABLE", "not set"},
                                                                      {" ", "it is empty"}};
    for (const auto &[other, reason] : refused) {
        const auto result = stat({"--compare", other, "--", "touch", "ran"});
        EXPECT_EQ(result.status, 2) << other;
        EXPECT_THAT(result.errors, HasSubstr(reason)) << other;
        EXPECT_THAT(result.errors, HasSubstr("\nhint: give one command in quotes")) << other;
        EXPECT_FALSE(std::filesystem::exists(folder / "ran")) << other;
    }
}

TEST_F(StatTest, WithoutASecondCommandThereIsNothingToCompare)
{
    const auto result = stat({"--compare", "no-such-program", "--", "echo", "out"});
    EXPECT_EQ(result.status, 127);
    EXPECT_EQ(result.output, "out\n");
    EXPECT_THAT(result.errors, HasSubstr("no pair of runs was measured"));
}

TEST_F(StatTest, ReBenchsLogHasALineForEachRun)
{
    const auto result = stat({"-r", "2", "--format", "rebench", "--", "sh", "-c", ":"});
    const auto lines = lines_of(result.errors);
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                            [](const auto &line) { return line.starts_with("sh: iterations=1 runtime: "); }),
              2);
}

TEST_F(StatTest, StreamsThatAreClosedAreTheCommandsOwnAffair)
{
    for (const auto *closed : {">&-", ">/dev/full"}) {
        const auto plain = shell(std::string("sh -c 'echo out' ") + closed);
        const auto measured = shell(std::string("\"$0\" stat -- sh -c 'echo out' ") + closed);
        EXPECT_EQ(measured.status, plain.status) << closed;
        EXPECT_THAT(measured.errors, HasSubstr(" user, ")) << closed;
    }
    for (const auto *closed : {"2>&-", "2>/dev/full"}) {
        const auto measured = shell(std::string("\"$0\" stat -- sh -c 'echo out; exit 3' ") + closed);
        EXPECT_EQ(measured.status, 3) << closed;
        EXPECT_EQ(measured.output, "out\n") << closed;
    }
    EXPECT_EQ(shell("\"$0\" stat --output report -- cat <&- >&- 2>&-").status, 0); // a closed stdin is an empty one
    EXPECT_THAT(read_text(folder / "report"), StartsWith("\n cat\n"));
    EXPECT_EQ(shell("echo in | \"$0\" stat -- cat").output, "in\n");
}

TEST_F(StatTest, ChildrenThatItLeavesBehindAreNeitherWaitedForNorKilled)
{
    const auto result = shell("\"$0\" stat -- sh -c 'sleep 100 >/dev/null 2>&1 & echo $! >pid'; "
                              "kill $(cat pid) && echo alive");
    EXPECT_EQ(result.output, "alive\n");
    EXPECT_THAT(result.errors, HasSubstr(" user, "));
}

TEST_F(StatTest, AHugeArgumentListArrivesAndIsCutInTheReport)
{
    const auto result = shell("\"$0\" stat -- sh -c 'echo $#' sh $(seq 100000)");
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output, "100000\n");
    EXPECT_THAT(result.errors, HasSubstr(" ... (100004 words)\n"));
    EXPECT_LT(result.errors.size(), 10000U);
}

TEST_F(StatTest, TheDescriptorsOfKrunctlAreNotTheCommands)
{
    EXPECT_EQ(stat({"--", "sh", "-c", "ls /proc/$$/fd"}).output, shell("sh -c 'ls /proc/$$/fd'").output);
}

} // namespace
} // namespace krun
