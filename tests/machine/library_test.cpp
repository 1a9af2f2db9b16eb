// SPDX-License-Identifier: MIT
// libkruncounters and its examples where there are counters: on a Krun kernel, on CPUs with ratios that no other
// counter would have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "test_kernel.hpp"

namespace
{

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class LibraryExample : public WithTestKernel
{
  protected:
    // APERF is 1.3 times MPERF, and there are 1.5 instructions in a cycle.
    [[nodiscard]] Ran guest(const std::string &script) const
    {
        return boot({"--cpus", "4", "--timeout", "240", "--aperf-ratio", "130", "--ipc", "150", "--copy-in",
                     KRUN_EXAMPLE_C ":/in-c", "--copy-in", KRUN_EXAMPLE_CPP ":/in-cpp", "--copy-in",
                     KRUN_EXAMPLE_BENCHMARK ":/benchmark"},
                    {"sh", "-c", script});
    }

    // The number that follows a word.
    static double number(const std::string &output, const std::string &word)
    {
        std::smatch match;
        return std::regex_search(output, match, std::regex("\n" + word + ": ([0-9.]+)")) ? std::stod(match[1]) : 0;
    }
};

constexpr double cycle_share = 0.02; // what may lie between the readings of two counters

void expect_ratios(double cycles, double instructions, double ratio)
{
    EXPECT_GT(cycles, 0);
    EXPECT_NEAR(instructions, 1.5 * cycles, cycle_share * instructions);
    EXPECT_NEAR(ratio, 1.3, 1.3 * cycle_share);
}

TEST_F(LibraryExample, InCCountsByTheDevice)
{
    const Ran ran = guest("taskset 8 /in-c");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("way: device\n"));
    EXPECT_THAT(ran.output, Not(HasSubstr("not by ")));
    expect_ratios(number(ran.output, "cycles"), number(ran.output, "instructions"), number(ran.output, "APERF/MPERF"));
    EXPECT_THAT(ran.output, ContainsRegex("verdict: (clean|ticking|disturbed)"));
}

TEST_F(LibraryExample, InCppCountsItsThread)
{
    const Ran ran = guest("taskset 8 /in-cpp");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    const auto third = ran.output.find("iteration 3\n");
    ASSERT_NE(third, std::string::npos) << ran.output << ran.errors;
    const std::string output = ran.output.substr(third);
    expect_ratios(number(output, "cycles"), number(output, "instructions"), number(output, "APERF/MPERF"));
    EXPECT_THAT(output, ContainsRegex("migrated: (no|not known)\n")); // not known: it was preempted
    EXPECT_THAT(output, ContainsRegex("interrupts: [0-9]"));
    EXPECT_THAT(output, ContainsRegex("verdict: (clean|ticking|disturbed)"));
}

TEST_F(LibraryExample, InCppCountsItsThreadByPerfWithoutTheDevice)
{
    const Ran ran = guest("rm /dev/krun && taskset 8 /in-cpp");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("way: perf\nnot by device: there is no /dev/krun"));
    EXPECT_THAT(ran.output, HasSubstr("missing: interrupts: Operation not supported\n"));
    const auto third = ran.output.find("iteration 3\n");
    ASSERT_NE(third, std::string::npos) << ran.output << ran.errors;
    const std::string output = ran.output.substr(third);
    expect_ratios(number(output, "cycles"), number(output, "instructions"), number(output, "APERF/MPERF"));
    EXPECT_THAT(output, Not(HasSubstr("interrupts: ")));
}

TEST_F(LibraryExample, InGoogleBenchmarkCountsEachIteration)
{
    const Ran ran = guest("taskset 8 /benchmark --benchmark_min_time=0.001 --benchmark_format=json 2>/dev/null");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    const auto report = json::parse(ran.output, nullptr, false);
    ASSERT_FALSE(report.is_discarded()) << ran.output;
    const auto &all = report.at("benchmarks");
    ASSERT_EQ(all.size(), 2U);
    for (const auto &one : all) {
        SCOPED_TRACE(one.dump());
        expect_ratios(one.value("cycles", 0.0), one.value("instructions", 0.0), one.value("ratio", 0.0));
        EXPECT_THAT(one.value("label", ""), ContainsRegex("^(clean|ticking|disturbed)"));
        EXPECT_TRUE(one.contains("interrupts"));
        EXPECT_TRUE(one.contains("switches"));
        // Of one iteration, like the time beside it: 1.3 times 2.6 GHz or whatever the host has.
        const double hertz = one.value("cycles", 0.0) / one.value("real_time", 1.0) * 1e9;
        EXPECT_GT(hertz, 0.5e9);
        EXPECT_LT(hertz, 20e9);
    }
}

// Its own tests, but for those that need a compiler, the examples or the sources. None of these may find its counters
// missing.
TEST_F(LibraryExample, AndTheLibrarysOwnTestsPass)
{
    const Ran ran = boot({"--cpus", "4", "--timeout", "240", "--copy-in", KRUN_LIBRARY_TESTS ":/tests"},
                         {"/tests", "--gtest_filter=-*Example.*:Disabled.*:Manual.*:*Hotplug.*"});
    EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("[       OK ] ThreadCounters.AreReadInPlace"));
    EXPECT_THAT(ran.output, Not(HasSubstr("SKIPPED")));
}

TEST_F(LibraryExample, AndTheLibraryFollowsCpusThatComeAndGo)
{
    const Ran ran = boot({"--cpus", "4", "--timeout", "240", "--copy-in", KRUN_LIBRARY_TESTS ":/tests"},
                         {"sh", "-c", "KRUN_TEST_MAY_OFFLINE_CPUS=1 /tests --gtest_filter='*Hotplug.*'"});
    EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("[  PASSED  ] 11 tests"));
    EXPECT_THAT(ran.output, Not(HasSubstr("SKIPPED")));
}

} // namespace
