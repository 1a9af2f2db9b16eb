// SPDX-License-Identifier: MIT
// krun_test_case, which CTest runs for each case: on kernel lines that are broken, and without the time for it.
#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cases/case_result.hpp"
#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

// The sandbox's kernel compiles, but nothing in it could boot.
class CasesTest : public testing::Test
{
  protected:
    void add_optional_hook(const std::string &patch)
    {
        write_text(sandbox.hook_list(), read_text(sandbox.hook_list()) +
                                            "[[hook]]\nname = 'quiet'\nrequired = false\nwithout = 'it is loud'\n");
        write_text(sandbox.data() / "kernel/hooks/quiet/6.12.patch", patch);
    }
    ProcessResult run_case(const std::string &name, std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {KRUN_TEST_CASE, "--name", name});
        return sandbox.run(arguments);
    }
    [[nodiscard]] CaseResult result_of(const std::string &name) const
    {
        const auto text = read_text(sandbox.cache() / "logs/tests" / (name + ".json"));
        return case_result_from(text).value_or(CaseResult());
    }
    Sandbox sandbox;
};

TEST_F(CasesTest, AKernelThatIsBuiltIsThereForTheCasesThatNeedIt)
{
    const auto built = run_case("kernel-6.12", {"--line", "6.12", "kernel"});
    EXPECT_EQ(built.status, 0) << built.output << built.errors;
    const auto result = result_of("kernel-6.12");
    EXPECT_EQ(result.tally.passed, 4U); // its three stages, and the places of its hooks
    EXPECT_EQ(result.facts.at("version"), "6.12.1-1");
    EXPECT_EQ(result.facts.at("folder"), sandbox.kernel());
    EXPECT_EQ(result.stages.count("boot"), 0U);
    const auto programs = run_case("programs-6.12", {"--line", "6.12", "programs"});
    EXPECT_EQ(programs.status, 1); // the sandbox's overlay has no Makefile
    EXPECT_THAT(programs.output, HasSubstr("make"));
}

TEST_F(CasesTest, AHookThatDoesNotFitIsThatStagesFailure)
{
    write_text(sandbox.hook(),
               "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n mainmenu \"tiny\"\n-config OTHER\n+config NEW\n");
    const auto built = run_case("kernel-6.12", {"--line", "6.12", "kernel"});
    EXPECT_EQ(built.status, 1);
    EXPECT_THAT(built.output, HasSubstr("FAILED: apply: "));
    EXPECT_THAT(built.output, HasSubstr("the hook build does not fit"));
    EXPECT_THAT(result_of("kernel-6.12").stages, ElementsAre(Pair("apply", false)));
    // What needs it is not run, and says why.
    const auto boot = run_case("boot-6.12", {"--line", "6.12", "boot"});
    EXPECT_EQ(boot.status, 77);
    EXPECT_THAT(boot.output, HasSubstr("not run: kernel-6.12 has not been built"));
}

// People may build other kernels like that; a line has all of its hooks.
TEST_F(CasesTest, ALineThatLacksAnOptionalHookIsAFailure)
{
    add_optional_hook("--- a/Kconfig\n+++ b/Kconfig\n@@ -2,2 +2,3 @@\n config OTHER\n+\tdef_bool y\n \tbool \"o\"\n");
    const auto built = run_case("kernel-6.12", {"--line", "6.12", "kernel"});
    EXPECT_EQ(built.status, 1);
    EXPECT_THAT(built.output, HasSubstr("FAILED: apply: the hook quiet is missing: hunk 1 of Kconfig has no place"));
    EXPECT_THAT(result_of("kernel-6.12").stages,
                ElementsAre(Pair("apply", false), Pair("build", true), Pair("configure", true)));
}

TEST_F(CasesTest, AHookOfALineThatFitsOnlyWithFuzzIsAFailure)
{
    // The first of its lines is another one in the tree.
    add_optional_hook("--- a/Makefile\n+++ b/Makefile\n@@ -1,4 +1,5 @@\n VERSION = 5\n PATCHLEVEL = 12\n+# quiet\n"
                      " SUBLEVEL = 1\n objects := $(patsubst %.c,$(O)/%.o,$(wildcard krun/*.c))\n");
    const auto built = run_case("kernel-6.12", {"--line", "6.12", "kernel"});
    EXPECT_EQ(built.status, 1);
    EXPECT_THAT(built.output, HasSubstr("FAILED: apply: the hook quiet, of Linux 6.12, fits with fuzz 1"));
}

TEST_F(CasesTest, TheKernelThatTheModuleIsTriedOnHasNoneOfOurHooks)
{
    ASSERT_EQ(sandbox.krunctl({"build"}).status, 0); // so that there is an index of the archive
    const auto run = run_case("module-6.12-vm", {"--line", "6.12", "module-unpatched", "vm"});
    const auto cache = sandbox.cache() / "unpatcheds/krun";
    const auto metadata = nlohmann::json::parse(read_text(cache / "kernels/6.12-vm/metadata.json"), nullptr, false);
    ASSERT_FALSE(metadata.is_discarded()) << run.output << run.errors;
    ASSERT_EQ(metadata["hook_list"].size(), 1U);
    EXPECT_EQ(metadata["hook_list"][0]["result"], "not needed");
    const std::string tree = read_text(cache / "build/6.12-vm.tree");
    EXPECT_EQ(read_text(tree.substr(0, tree.find('\n')) + "/Kconfig"),
              "mainmenu \"tiny\"\nconfig PERF\n\tbool \"p\"\n");
}

TEST_F(CasesTest, WhatCouldNotEndInTimeDoesNotBegin)
{
    sandbox.environment["KRUN_TEST_DEADLINE"] = "1000";
    const auto built = run_case("kernel-6.12", {"--line", "6.12", "--seconds", "60", "kernel"});
    EXPECT_EQ(built.status, 77);
    EXPECT_THAT(built.output, HasSubstr("not run: for want of time"));
    EXPECT_EQ(result_of("kernel-6.12").not_run, "for want of time");
    EXPECT_FALSE(std::filesystem::exists(sandbox.kernel()));
}

TEST_F(CasesTest, HooksOfSixtyChangedLinesAreTooMany)
{
    std::string added;
    for (int number = 0; number < 59; ++number)
        added += "+new\n";
    const auto lines = sandbox.data() / "kernel/lines";
    std::filesystem::copy(lines / "6.12", lines / "6.13", std::filesystem::copy_options::recursive);
    const auto patch = lines / "6.13/hooks/build.patch";
    write_text(patch, "--- a/f\n+++ b/f\n@@ -0,0 +1,59 @@\n" + added);
    EXPECT_THAT(run_case("style", {"style"}).output, Not(HasSubstr("size of the hooks")));
    write_text(patch, "--- a/f\n+++ b/f\n@@ -0,0 +1,60 @@\n" + added + "+new\n");
    EXPECT_THAT(run_case("style", {"style"}).output,
                HasSubstr("FAILED: size of the hooks of 6.13: 60 changed lines, less than 60 allowed"));
}

TEST_F(CasesTest, AProgramThatIsNotThereAndAnUnknownKindAreNoSuccess)
{
    const auto missing = run_case("g", {"gtest", "unit/no_such_tests"});
    EXPECT_EQ(missing.status, 1);
    EXPECT_THAT(missing.output, HasSubstr("has not been built"));
    EXPECT_EQ(run_case("g", {"nothing"}).status, 2);
}

// One that is silent about planted faults proves nothing, and the tests are not even run under it.
TEST_F(CasesTest, ACheckerThatFindsNoFaultIsNoSuccess)
{
    const auto blind = sandbox.root() / "bin/valgrind";
    write_text(blind, "#!/bin/sh\necho Invalid read of nothing in krunc_difference\n");
    std::filesystem::permissions(blind, std::filesystem::perms::owner_all);
    sandbox.environment["PATH"] = (sandbox.root() / "bin").string() + ":" + std::getenv("PATH");
    const auto run = run_case("sanitize-valgrind", {"sanitize", "valgrind"});
    EXPECT_EQ(run.status, 1);
    EXPECT_THAT(run.output,
                HasSubstr("FAILED: valgrind finds the fault `beyond` in the library: it ended with status 0"));
    EXPECT_THAT(run.output, HasSubstr("FAILED: valgrind finds the fault `unset` in the library"));
    EXPECT_THAT(run.output, HasSubstr("\n0 passed, 3 failed"));
}

TEST_F(CasesTest, AnUnknownCheckerIsRefused)
{
    for (const auto &arguments : {std::vector<std::string>{"sanitize"}, {"sanitize", "msan"}}) {
        const auto run = run_case("sanitize-msan", arguments);
        EXPECT_EQ(run.status, 1);
        EXPECT_THAT(run.output, HasSubstr("asan, tsan or valgrind is wanted"));
    }
}

// A case may run a program that runs cases: of a run inside a run, the outer one's settings are not the inner one's.
TEST_F(CasesTest, WhatTheRunnerSaysIsNotForTheProgramsOfACase)
{
    const auto seen = sandbox.root() / "seen";
    write_text(sandbox.root() / "bin/clang-format", "#!/bin/sh\nenv >" + seen.string() + "\n");
    std::filesystem::permissions(sandbox.root() / "bin/clang-format", std::filesystem::perms::owner_all);
    sandbox.environment["PATH"] = (sandbox.root() / "bin").string() + ":" + std::getenv("PATH");
    const auto results = sandbox.cache() / "logs/tests";
    for (const auto *name : {"SEED", "AGAIN"})
        sandbox.environment[std::string("KRUN_TEST_") + name] = "1";
    sandbox.environment["KRUN_TEST_DEADLINE"] = "4000000000";
    sandbox.environment["KRUN_TEST_RESULTS"] = results.string();
    run_case("style", {"style"});
    const auto environment = read_text(seen);
    EXPECT_THAT(environment, HasSubstr("PATH="));
    EXPECT_THAT(environment, Not(HasSubstr("KRUN_TEST_")));
}

TEST_F(CasesTest, AShardRunsItsPartOfTheTests)
{
    sandbox.environment["GTEST_FILTER"] = "CaseStart.*:CaseEnd.*";
    unsigned passed = 0;
    for (const auto *shard : {"1/2", "2/2"}) {
        const auto run = run_case("unit", {"gtest", "unit/krun_unit_tests", shard});
        EXPECT_EQ(run.status, 0) << run.output;
        passed += result_of("unit").tally.passed;
    }
    EXPECT_EQ(passed, 2U);
    EXPECT_EQ(run_case("unit", {"gtest", "unit/krun_unit_tests", "0/2"}).status, 1);
}

} // namespace
} // namespace krun
