// SPDX-License-Identifier: MIT
#include "cases/coverage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr const char *plan_report =
    R"({"files": [{"file": "/src/linux/krun/plan.c", "lines": [{"line_number": 3, "count": 1},)"
    R"({"line_number": 4, "count": 0}]},{"file": "/src/linux/krun/slot.h", "lines": [{"line_number": 9, "count": 0}]},)"
    R"({"file": "/src/linux/include/linux/slab.h", "lines": [{"line_number": 1, "count": 0}]}]})";
constexpr const char *idle_report =
    R"({"files": [{"file": "./krun/slot.h", "lines": [{"line_number": 9, "count": 7}]}]})";

TEST(Coverage, TheCountsAreTakenOutOfWhatTheProgramPrinted)
{
    const auto counted =
        split_counted_output("12 calls\ngcda plan.gcda\nYWJj\nZGVm\nend\ngcda idle.gcda\nZ2hp\nend\nend\n");
    EXPECT_EQ(counted.output, "12 calls\nend\n");
    EXPECT_THAT(counted.data, ElementsAre(Pair("idle.gcda", "Z2hp\n"), Pair("plan.gcda", "YWJj\nZGVm\n")));
}

TEST(Coverage, OnlyTheOverlayCountsAndAHeaderOnce)
{
    const auto files = read_gcov(std::string(plan_report) + "\n" + idle_report + "\n");
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2U);
    EXPECT_EQ(files->at(0).file, "plan.c");
    EXPECT_EQ(files->at(0).executed(), 1U);
    EXPECT_EQ(files->at(1).file, "slot.h");
    EXPECT_EQ(files->at(1).executed(), 1U);
    EXPECT_DOUBLE_EQ(percent_executed(*files), 100.0 * 2 / 3);
}

TEST(Coverage, TheOverlaysFoldersCountAndForeignOnesDoNot)
{
    const auto report = [](const std::string &file) {
        return R"({"files": [{"file": ")" + file + R"(", "lines": [{"line_number": 1, "count": 1}]}]})" + "\n";
    };
    const auto files = read_gcov(report("../krun/patched/process.c") + report("/krun/objects/kernel/fork.c") +
                                 report("include/linux/list.h") + report("/cache/krun/tree/krun/plan.c"));
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2U);
    EXPECT_EQ(files->at(0).file, "patched/process.c");
    EXPECT_EQ(files->at(1).file, "plan.c");
}

TEST(Coverage, WhatIsNoReportIsAnError)
{
    EXPECT_FALSE(read_gcov("gcov: no such file\n"));
    EXPECT_FALSE(read_gcov(R"({"files": [{"lines": []}]})"));
}

TEST(Coverage, TheTableNamesTheLinesThatWereNeverExecuted)
{
    const FileCoverage file{"plan.c", {{1, true}, {2, false}, {4, false}, {5, true}, {7, false}}};
    EXPECT_THAT(coverage_table({file}), HasSubstr("plan.c"));
    EXPECT_THAT(coverage_table({file}), HasSubstr("40.0 %  2-4 7\n"));
    EXPECT_EQ(percent_executed({}), 0);
}

class CoverageOf : public testing::Test
{
  protected:
    CoverageOf() { EXPECT_TRUE(files.make_directories("/obj/krun")); }
    FakeProcessRunner runner;
    FakeFilesystem files;
    BuiltKernel kernel{"/out", "/src", "/obj", "6.12", true};
};

TEST_F(CoverageOf, AKernelThatCountsNothingIsAnError)
{
    EXPECT_FALSE(coverage_of(Env{runner, files}, kernel, {"12 calls\n", {}}));
}

TEST_F(CoverageOf, GcovReadsWhatTheGuestHasCountedBesideWhatTheCompilerWrote)
{
    runner.on({"base64", "--decode"}, 0, "abc");
    runner.on({"gcov"}, 0, plan_report);
    const auto coverage = coverage_of(Env{runner, files}, kernel, {"", {{"plan.gcda", "YWJj\n"}}});
    ASSERT_TRUE(coverage);
    EXPECT_EQ(coverage->at(0).file, "plan.c");
    EXPECT_EQ(files.read("/obj/krun/plan.gcda").value(), "abc");
    EXPECT_EQ(runner.commands.at(0).input, "YWJj\n");
    EXPECT_EQ(runner.commands.at(1).directory, "/obj/krun");
}

TEST_F(CoverageOf, AGcovThatFailsIsAnError)
{
    runner.succeeds({"base64", "--decode"});
    runner.on({"gcov"}, 1);
    EXPECT_FALSE(coverage_of(Env{runner, files}, kernel, {"", {{"plan.gcda", "YWJj\n"}}}));
}

} // namespace
} // namespace krun
