// SPDX-License-Identifier: MIT
#include "report/bench_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/bench_result.hpp"

namespace krun
{
namespace
{

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(BenchReport, HasTimesInNanosecondsAndInTicks)
{
    const auto text = bench_report(some_bench());
    EXPECT_THAT(text, HasSubstr("Some CPU, Linux 6.12.1, on CPU 3 of 0-3, TSC 2.000 GHz\n"));
    EXPECT_THAT(text, ContainsRegex("nanoseconds per reading\nway +scope +readings +min +p50 +p99 +p99.9 +max\n"
                                    "system call +1,000 +100 +350 +595 +599 +600\n"
                                    "device +CPUs +1,000 +2,001 +2,250 +2,495 +2,500 +2,500\n"));
    EXPECT_THAT(text, ContainsRegex("TSC ticks per reading\nway .*\n"
                                    "system call +1,000 +200 +699 +1,189 +1,198 +1,199\n"
                                    "device +CPUs +1,000 +4,001 +4,500 +4,990 +4,999 +5,000\n"));
}

TEST(BenchReport, SaysWhatAReadingHasAndWhomItDisturbs)
{
    EXPECT_THAT(bench_report(some_bench()), ContainsRegex("device +CPUs +4 +3.30 +0.30 +CAL 3.00 +2: APERF, MPERF\n"
                                                          "msr +thread +- +- +- +1: APERF\n"));
}

TEST(BenchReport, SaysWhatIsMissingAndHowToMendIt)
{
    EXPECT_THAT(bench_report(some_bench()), HasSubstr("not usable  perf, CPUs: no permission\n  -> be root\n"));
}

TEST(BenchReport, NamesAWayOnceThatIsMissingInBothScopesForOneReason)
{
    auto result = some_bench();
    result.missing.push_back({{KRUNC_WAY_PERF, KRUNC_SCOPE_THREAD, 0}, "no permission", "be root"});
    result.missing.push_back({{KRUNC_WAY_CALLS, KRUNC_SCOPE_CPUS, 0}, "no permission", "be root"});
    result.missing.push_back({{KRUNC_WAY_CALLS, KRUNC_SCOPE_THREAD, 0}, "other", ""});
    EXPECT_THAT(bench_report(result), HasSubstr("not usable  perf, CPUs and thread: no permission\n  -> be root\n"
                                                "not usable  calls, CPUs: no permission\n  -> be root\n"
                                                "not usable  calls, thread: other\n"));
    EXPECT_EQ(bench_json(result).at("not_usable").size(), 4U);
}

TEST(BenchReport, LeavesOutInterruptsThatCameByChance)
{
    EXPECT_EQ(kinds_of_interrupts({100, 0, {{"CAL", "", 104}, {"RES", "", 10}, {"LOC", "", 3}}, {{"CAL", "", 100}}}),
              "RES 0.10");
}

TEST(BenchReport, SaysWhereThereAreFewerReadings)
{
    auto result = some_bench();
    EXPECT_THAT(bench_report(result), ContainsRegex("msr +thread +20\\* "));
    EXPECT_THAT(bench_report(result), HasSubstr("* fewer readings"));
    result.ways.back().cost.fewer = false;
    EXPECT_THAT(bench_report(result), Not(HasSubstr("*")));
}

TEST(BenchReport, OfAWayThatStoppedHasTheReasonAndNoFigures)
{
    auto result = some_bench();
    result.ways.back().cost = {};
    result.ways.back().error = "No such device";
    EXPECT_THAT(bench_report(result), HasSubstr("stopped early  msr, thread: No such device\n"));
    EXPECT_THAT(bench_report(result), ContainsRegex("msr +thread +0 +- +- +- +- +-\n"));
    const auto way = bench_json(result).at("ways").back();
    EXPECT_EQ(way.at("error"), "No such device");
    EXPECT_TRUE(!way.contains("p50_ns") && !way.contains("p50_ticks"));
}

TEST(BenchReport, WithoutTheFrequencyOfTheTscHasTicksOnly)
{
    auto result = some_bench();
    result.tsc_hz = 0;
    EXPECT_THAT(bench_report(result), Not(HasSubstr("nanoseconds")));
    EXPECT_THAT(bench_report(result), HasSubstr("4,500"));
    const auto report = bench_json(result);
    EXPECT_TRUE(!report.at("machine").contains("tsc_hz"));
    EXPECT_TRUE(!report.at("ways")[0].contains("p50_ns"));
    EXPECT_EQ(report.at("ways")[0].at("p50_ticks"), 4500);
}

TEST(BenchReport, WarnsOfVirtualMachines)
{
    auto result = some_bench();
    EXPECT_FALSE(bench_json(result).contains("warning"));
    result.machine.hypervisor = "KVM";
    EXPECT_THAT(bench_report(result), HasSubstr("this says nothing about bare metal\n"));
    EXPECT_THAT(bench_json(result).at("warning").get<std::string>(), HasSubstr("this says nothing about bare metal"));
    EXPECT_EQ(bench_json(result).at("machine").at("virtual_machine"), true);
}

TEST(BenchReport, AsJsonHasUnitsInItsNames)
{
    const auto report = bench_json(some_bench());
    EXPECT_EQ(report.at("schema"), 1);
    EXPECT_EQ(report.at("cpu"), 3);
    EXPECT_EQ(report.at("readings_count"), 1000);
    const auto &device = report.at("ways")[0];
    EXPECT_EQ(device.at("name"), "device");
    EXPECT_EQ(device.at("scope"), "CPUs");
    EXPECT_EQ(device.at("cpus_count"), 4);
    EXPECT_EQ(device.at("counters"), json({"APERF", "MPERF"}));
    EXPECT_EQ(device.at("min_ticks"), 4001);
    EXPECT_EQ(device.at("p999_ticks"), 4999);
    EXPECT_DOUBLE_EQ(device.at("p999_ns"), 2499.5);
    EXPECT_EQ(device.at("fewer"), false);
    EXPECT_FALSE(device.contains("error"));
    EXPECT_EQ(report.at("baselines")[0].at("name"), "system call");
    EXPECT_EQ(report.at("baselines")[0].at("what"), "getppid(2)");
    EXPECT_EQ(report.at("not_usable"),
              json::array({{{"name", "perf"}, {"scope", "CPUs"}, {"reason", "no permission"}, {"remedy", "be root"}}}));
    EXPECT_EQ(report.at("machine").at("mitigations").at("meltdown"), "Mitigation: PTI");
}

TEST(BenchReport, AsJsonHasTheWholeHistogram)
{
    const auto device = bench_json(some_bench()).at("ways")[0];
    std::uint64_t sum = 0;
    for (const auto &bucket : device.at("histogram")) {
        EXPECT_LT(bucket.at("from_ticks").get<std::uint64_t>(), bucket.at("to_ticks").get<std::uint64_t>());
        sum += bucket.at("readings_count").get<std::uint64_t>();
    }
    EXPECT_EQ(sum, 1000);
}

TEST(BenchReport, AsJsonHasTheInterruptsOfOtherCpusIfThereAreAny)
{
    const auto ways = bench_json(some_bench()).at("ways");
    const auto &others = ways[0].at("other_cpus");
    EXPECT_EQ(others.at("readings_count"), 100);
    EXPECT_DOUBLE_EQ(others.at("interrupts_per_reading"), 3.3);
    EXPECT_DOUBLE_EQ(others.at("control_interrupts_per_reading"), 0.3);
    EXPECT_DOUBLE_EQ(others.at("caused_interrupts_per_reading"), 3);
    EXPECT_DOUBLE_EQ(others.at("window_ns"), 200'000);
    EXPECT_EQ(others.at("interrupts_count"), json({{"CAL", 310}, {"LOC", 20}}));
    EXPECT_EQ(others.at("control_interrupts_count").at("CAL"), 10);
    EXPECT_TRUE(!ways[1].contains("other_cpus"));
}

TEST(BenchReport, NumbersHaveAsManyDigitsAsMeanSomething)
{
    EXPECT_EQ(short_number(0.414), "0.41");
    EXPECT_EQ(short_number(12.34), "12.3");
    EXPECT_EQ(short_number(99.96), "100.0");
    EXPECT_EQ(short_number(1234.5), "1,235");
}

} // namespace
} // namespace krun
