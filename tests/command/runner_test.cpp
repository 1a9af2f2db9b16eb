// SPDX-License-Identifier: MIT
// krun_tests, which `./krun test` runs, with a CTest project whose cases end in every way that a case can.
#include <ctime>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

class RunnerTest : public testing::Test
{
  protected:
    // `script` is for sh; $R is the case's result file.
    void add_case(const std::string &name, const std::string &script, const std::string &properties = "LABELS quick")
    {
        project_ += "add_test(" + name + " \"/bin/sh\" \"-c\" [==[R=$KRUN_TEST_RESULTS/" + name + ".json; " + script +
                    "]==])\nset_tests_properties(" + name + " PROPERTIES SKIP_RETURN_CODE 77 " + properties + ")\n";
    }
    ProcessResult run_tests(std::vector<std::string> arguments = {})
    {
        write_text(build_ / "CTestTestfile.cmake", project_);
        arguments.insert(arguments.begin(), {KRUN_TESTS, "--build", build_.string()});
        return sandbox.run(arguments);
    }
    static std::string closing(const ProcessResult &result)
    {
        const auto lines = lines_of(trim(result.output));
        return lines.empty() ? "" : lines.back();
    }
    Sandbox sandbox;

  private:
    std::string project_;
    std::filesystem::path build_ = sandbox.root() / "build";
};

std::string leave(const std::string &json) { return "echo '" + json + "' >$R; "; }

TEST_F(RunnerTest, EveryWayToEndIsReportedByNameAndCounted)
{
    add_case("good", leave(R"({"passed": 12, "failed": [], "skipped": ["no PMU"]})"));
    add_case("bad", leave(R"({"passed": 2, "failed": ["abi_test: 3 slots grow"], "skipped": []})") + "exit 1");
    add_case("crash",
             leave(R"({"passed": 0, "failed": ["abi_test: the guest has crashed: Oops"], "skipped": []})") + "exit 1");
    add_case("dies", "kill -SEGV $$");
    add_case("hangs", "sleep 300", "TIMEOUT 1");
    add_case("later",
             leave(R"({"passed": 0, "failed": [], "skipped": [], "not_run": "for want of time"})") + "exit 77");
    add_case("kernel", "exit 1", "FIXTURES_SETUP k");
    add_case("guest", "true", "FIXTURES_REQUIRED k");
    add_case("race", "true", "LABELS \"race;opt-in\"");
    const auto result = run_tests({"--junit", (sandbox.root() / "junit.xml").string()});
    EXPECT_EQ(result.status, 1) << result.errors;
    EXPECT_EQ(closing(result), "14 passed, 5 failed, 4 skipped");
    for (const auto *line :
         {"FAILED: bad: abi_test: 3 slots grow\n", "FAILED: crash: abi_test: the guest has crashed: Oops\n",
          "FAILED: dies: the test program crashed\n", "FAILED: hangs: no end within its time limit of 1 s\n",
          "FAILED: kernel: failed without a result\n", "skipped: good: no PMU\n", "skipped: later: for want of time\n",
          "skipped: guest: needs kernel, which failed\n", "skipped: race: opt-in: --label race\n"})
        EXPECT_THAT(result.output, HasSubstr(line));
    EXPECT_THAT(read_text(sandbox.root() / "junit.xml"), HasSubstr("tests=\"23\" failures=\"5\" skipped=\"4\""));
}

TEST_F(RunnerTest, AllGoodIsZeroAndWhatWasProvenBeforeShows)
{
    add_case("good", leave(R"({"passed": 12, "failed": [], "skipped": [], "proven_before": true})"));
    add_case("plain", "true");
    const auto result = run_tests();
    EXPECT_EQ(result.status, 0) << result.output << result.errors;
    EXPECT_THAT(result.output, HasSubstr("12 of these were proven before for exactly these inputs; --again runs them"));
    EXPECT_EQ(closing(result), "13 passed, 0 failed, 0 skipped");
}

TEST_F(RunnerTest, NothingPassedIsNoSuccess)
{
    add_case("later", "exit 77");
    const auto result = run_tests();
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(closing(result), "0 passed, 0 failed, 1 skipped");
}

// Each process of `pids`, a file with their numbers, is gone.
void expect_gone(const std::string &pids, std::size_t count)
{
    const auto numbers = words_of(read_text(pids));
    EXPECT_EQ(numbers.size(), count);
    for (const auto &number : numbers)
        EXPECT_FALSE(std::filesystem::exists("/proc/" + number)) << number;
}

TEST_F(RunnerTest, WhatIsCutOffWhenTheTimeIsUpIsNamedAndNothingIsLeftRunning)
{
    const auto pids = (sandbox.root() / "pids").string();
    add_case("first", "true", "COST 9");
    add_case("long", "setsid sleep 300 & echo $! $$ >" + pids + "; trap '' TERM; sleep 300", "DEPENDS first");
    add_case("third", "true", "DEPENDS long");
    // The wrapper began a minute ago: the time is up, and all is stopped two seconds later.
    sandbox.environment["KRUN_TEST_STARTED"] = std::to_string(std::time(nullptr) - 60);
    const auto result = run_tests({"--minutes", "1", "--grace", "2"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("skipped: long: cut off for want of time\n"));
    EXPECT_THAT(result.output, HasSubstr("skipped: third: cut off for want of time\n"));
    EXPECT_EQ(closing(result), "1 passed, 0 failed, 2 skipped");
    expect_gone(pids, 2);
}

TEST_F(RunnerTest, InterruptedItSaysWhatItHasAndLeavesNothingRunning)
{
    const auto pids = (sandbox.root() / "pids").string();
    add_case("first", "true");
    // The parent of sh is ctest, whose parent is the runner.
    add_case("long",
             "setsid sleep 300 & echo $! $$ >" + pids + "; kill -INT $(cut -d ' ' -f 4 /proc/$PPID/stat); sleep 300",
             "DEPENDS first");
    const auto result = run_tests();
    EXPECT_EQ(result.status, 130) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("skipped: long: interrupted\n"));
    EXPECT_EQ(closing(result), "1 passed, 0 failed, 1 skipped");
    expect_gone(pids, 2);
}

TEST_F(RunnerTest, ChoosesListsAndRefusesNamesThatAreNotThere)
{
    add_case("good", "true", "LABELS unit");
    add_case("of-line", "true", "LABELS \"kernel;line-6.1\"");
    EXPECT_THAT(words_of(run_tests({"--list"}).output), ElementsAre("good", "unit", "of-line", "kernel", "line-6.1"));
    EXPECT_THAT(words_of(run_tests({"--list", "--tier", "unit"}).output), ElementsAre("good", "unit"));
    EXPECT_EQ(closing(run_tests({"--label", "kernel", "--line", "6.1"})), "1 passed, 0 failed, 0 skipped");
    for (const auto *option : {"--line", "--label"}) {
        const auto unknown = run_tests({option, "9.99"});
        EXPECT_EQ(unknown.status, 2);
        EXPECT_THAT(unknown.errors, HasSubstr("9.99"));
        EXPECT_THAT(unknown.errors, HasSubstr("hint: there are: "));
    }
    EXPECT_EQ(run_tests({"--nonsense"}).status, 2);
    EXPECT_EQ(run_tests({"more"}).status, 2);
    EXPECT_EQ(run_tests({"--minutes", "-1"}).status, 2);
}

TEST_F(RunnerTest, ResultsThatCannotBeWrittenAreNoSuccess)
{
    add_case("good", "true", "LABELS unit");
    EXPECT_EQ(run_tests({"--list"}).status, 0);
    const auto full = sandbox.run(
        {"sh", "-c", "\"$0\" --build \"$1\" --list >/dev/full", KRUN_TESTS, (sandbox.root() / "build").string()});
    EXPECT_EQ(full.status, 4);
    EXPECT_THAT(full.errors, HasSubstr("error: cannot write to stdout: No space left on device"));
}

TEST_F(RunnerTest, NamesWhatWasProbablyMeant)
{
    add_case("of-line", "true", "LABELS \"kernel;line-6.12\"");
    EXPECT_THAT(run_tests({"--line", "6.21"}).errors, HasSubstr("hint: did you mean `6.12`?\n"));
    EXPECT_THAT(run_tests({"--label", "kernle"}).errors, HasSubstr("hint: did you mean `kernel`?\n"));
    EXPECT_THAT(run_tests({"--lin", "6.12"}).errors,
                HasSubstr("error: unknown option `--lin`\nhint: did you mean `--line`?\n"));
}

TEST_F(RunnerTest, JsonOfAListAndOfErrorsIsOnStdoutToo)
{
    add_case("good", "true", "LABELS unit");
    const auto list = nlohmann::json::parse(run_tests({"--list", "--json", "-"}).output);
    EXPECT_EQ(list["schema"], 1);
    EXPECT_EQ(list["cases"][0]["name"], "good");
    for (const auto &wrong : {"--nonsense", "--line=9.99"}) {
        const auto result = run_tests({wrong, "--json", "-"});
        EXPECT_EQ(result.status, 2);
        const auto json = nlohmann::json::parse(result.output);
        EXPECT_EQ(json["command"], "test");
        EXPECT_EQ(json["error"]["kind"], "usage");
        EXPECT_EQ(json["exit_status"], 2);
    }
}

TEST_F(RunnerTest, JsonOnStdoutIsAlone)
{
    add_case("good", leave(R"({"passed": 1, "failed": [], "skipped": []})"));
    const auto result = run_tests({"--json", "-"});
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["schema"], 1);
    EXPECT_EQ(json["passed"], 1);
    EXPECT_EQ(json["cases"][0]["name"], "good");
    EXPECT_THAT(result.errors, HasSubstr("1 passed, 0 failed, 0 skipped"));
}

} // namespace
} // namespace krun
