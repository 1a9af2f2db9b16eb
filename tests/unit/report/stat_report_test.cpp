// SPDX-License-Identifier: MIT
// The reports of krunctl stat for people and for ReBench.
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <regex>

#include "report/stat_report.hpp"
#include "report/stat_result.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

TEST(StatReport, OfOneRunIsACompleteText)
{
    EXPECT_EQ(stat_report(stat_result({stat_run(2)})),
              "\n /opt/bench --size 3\n\n"
              "2.000000 s elapsed, 1.500 s user, 0.250 s system; way: device\n\n"
              "CPU    busy     MHz     cycles  instructions  switches  interrupts\n"
              "  0  25.0 %  2600.0  2,600,100     1,234,567        11           7\n"
              "  1  25.0 %  2600.0  2,600,100     1,234,567        11           7\n\n"
              "verdict: clean\n\n");
}

TEST(StatReport, WhatIsMissingIsADashAndNeverZero)
{
    auto run = stat_run(2);
    auto &delta = run.run.deltas[0];
    delta = {};
    delta.status = KRUNC_OFFLINE;
    EXPECT_THAT(stat_report(stat_result({run})), HasSubstr("\n  0       -       -          -             -         -"
                                                           "           -  offline\n"));
}

TEST(StatReport, WithoutAWindowThereIsNoTime)
{
    const auto text = stat_report(stat_result({unmeasured_run()}));
    EXPECT_THAT(text, HasSubstr("\nnot measured, 1.500 s user"));
    EXPECT_THAT(text, Not(HasSubstr("CPU")));
}

TEST(StatReport, OfManyCpusShowsTheBusiestAndThoseOfTheCommand)
{
    auto run = stat_run(2);
    run.run.deltas.clear();
    for (std::uint32_t cpu = 0; cpu < 40; cpu++) {
        run.run.deltas.push_back(full_delta(cpu));
        run.run.deltas.back().busy = cpu / 100.0;
    }
    run.run.bound = {3};
    const auto text = stat_report(stat_result({run}));
    EXPECT_THAT(text, HasSubstr("\n  3  "));
    EXPECT_THAT(text, HasSubstr("\n 39  "));
    EXPECT_THAT(text, HasSubstr("\n 25  "));
    EXPECT_THAT(text, Not(HasSubstr("\n 24  ")));
    EXPECT_THAT(text, HasSubstr("\n24 CPUs not shown, at most 24.0 % busy\n"));
    EXPECT_LT(text.find("\n  3  "), text.find("\n 25  ")); // in order
}

TEST(StatReport, CausesHaveTheirRemediesAndNotesNone)
{
    auto run = stat_run(2, KRUNC_DISTURBED);
    run.verdict.causes = {{KRUNC_CAUSE_DEVICE, 1, 12345}, {KRUNC_CAUSE_INVOLUNTARY, {}, 2}};
    run.verdict.notes = {{KRUNC_CAUSE_CALL, 1, 3}};
    const auto text = stat_report(stat_result({run}));
    EXPECT_THAT(text, HasSubstr(std::string("verdict: disturbed\n  CPU 1: ") + krunc_cause_name(KRUNC_CAUSE_DEVICE) +
                                " (12,345)\n    -> " + krunc_cause_remedy(KRUNC_CAUSE_DEVICE) + "\n  " +
                                krunc_cause_name(KRUNC_CAUSE_INVOLUNTARY) + " (2)\n"));
    EXPECT_THAT(text,
                HasSubstr(std::string("  CPU 1: ") + krunc_cause_name(KRUNC_CAUSE_CALL) + " (3), within limits\n"));
}

TEST(StatReport, WithoutAVerdictSaysWhyAndUndecidedSaysThatNothingWasFound)
{
    EXPECT_THAT(stat_report(stat_result({stat_run(2, std::nullopt)})),
                HasSubstr("\nno verdict: the command was not bound\n"));
    EXPECT_THAT(stat_report(stat_result({stat_run(2, KRUNC_UNDECIDED)})),
                HasSubstr("\nverdict: undecided\n  nothing was found, but"));
    auto ticking = stat_run(2, KRUNC_UNDECIDED);
    ticking.verdict.causes = {{KRUNC_CAUSE_TIMER, 1, 9}};
    EXPECT_THAT(stat_report(stat_result({ticking})),
                HasSubstr("\nverdict: undecided\n  not everything can be observed here\n  CPU 1: "));
}

// 1, 2 and 3: mean 2, deviation 1; 4.303 / sqrt(3) = 2.484.
TEST(StatReport, OfSeveralRunsHasTheIntervalTheVerdictsAndTheWorstRun)
{
    const auto text = stat_report(stat_result({stat_run(1), stat_run(3, KRUNC_DISTURBED), stat_run(2)}));
    EXPECT_THAT(text, HasSubstr("3 runs: mean 2.000000 s, 95 % confidence interval ± 2.484"));
    EXPECT_THAT(text, HasSubstr("\n  2 clean\n  1 disturbed\n"));
    EXPECT_THAT(text, HasSubstr("\nthe first run with the worst verdict:\n3.000000 s"));
}

TEST(StatReport, RunsThatWereNotMeasuredAreNoZerosInTheMean)
{
    const auto text = stat_report(stat_result({stat_run(1), unmeasured_run(), stat_run(1)}));
    EXPECT_THAT(text, HasSubstr("3 runs: mean 1.000000 s, 95 % confidence interval ± 0.000000 s; 1 not measured\n  2 "
                                "clean\n  1 without a verdict\n"));
    EXPECT_THAT(stat_report(stat_result({unmeasured_run(), unmeasured_run()})),
                HasSubstr("2 runs; 2 not measured\n  2 without a verdict\nthe first run:\n"));
}

// Differences 1, 2, 3 on a base of 2: 2 s ± 2.484 s, which is 100 % ± 124.2 %.
TEST(StatReport, AComparisonIsThatOfPairs)
{
    auto result = stat_result({stat_run(1), stat_run(2), stat_run(3)});
    result.other = StatCommand{{"other"}, {stat_run(2), stat_run(4), stat_run(6)}};
    const auto text = stat_report(result);
    EXPECT_THAT(text, HasSubstr("\n other\n"));
    EXPECT_THAT(text, HasSubstr("second command minus first, 95 % confidence interval:\n"
                                "  time: +2 s ± 2.48434 (+100.00 % ± 124.22 %), from 3 pairs\n"
                                "  cycles: +0 cycles ± 0 (+0.00 % ± 0.00 %), from 3 pairs\n"));
}

TEST(StatReport, AComparisonOfOnePairHasNoIntervalAndOfNoneSaysSo)
{
    auto result = stat_result({stat_run(2)});
    result.other = StatCommand{{"other"}, {stat_run(1)}};
    EXPECT_THAT(stat_report(result), HasSubstr("  time: -1 s (-50.00 %), from one pair\n"));
    result.other = StatCommand{{"other"}, {}};
    EXPECT_THAT(stat_report(result), HasSubstr("\nnothing to compare: no pair of runs was measured\n"));
}

TEST(StatReport, CyclesAreComparedOnlyIfAllOfThemWereCounted)
{
    auto result = stat_result({stat_run(2)});
    result.other = StatCommand{{"other"}, {stat_run(1)}};
    result.other->runs[0].run.deltas[1].valid &= ~static_cast<std::uint32_t>(KRUNC_CYCLES);
    EXPECT_THAT(stat_report(result), Not(HasSubstr("  cycles:")));
}

TEST(StatReport, EnergyIsThatOfPackagesOrTheReasonWhyNot)
{
    auto result = stat_result({stat_run(2)});
    result.command.runs[0].run.energy = {{"pkg", 0, 12.3456}};
    EXPECT_THAT(stat_report(result), HasSubstr("\nenergy: pkg (CPU 0): 12.346 J\n"));
    result.energy_error = EACCES;
    EXPECT_THAT(stat_report(result), HasSubstr("\nenergy: permission denied\n  -> run as root"));
    result.energy_error = ENODEV;
    EXPECT_THAT(stat_report(result), HasSubstr("\nenergy: cannot be read: No such device\n"));
}

TEST(StatReport, SaysWhyNoBetterWayWasTakenAndHowToGetTheBest)
{
    auto result = stat_result({stat_run(2)});
    result.facts.way = KRUNC_WAY_MSR;
    result.facts.way_errors[KRUNC_WAY_DEVICE] = -ENOENT;
    result.facts.way_errors[KRUNC_WAY_PERF] = -EACCES;
    result.facts.way_errors[KRUNC_WAY_TSC] = -EACCES; // worse than the one in use
    const auto text = stat_report(result);
    EXPECT_THAT(text, HasSubstr(std::string("\nnot using device: ") + krunc_way_reason(KRUNC_WAY_DEVICE, -ENOENT) +
                                "\n  -> " + krunc_way_remedy(KRUNC_WAY_DEVICE, -ENOENT)));
    EXPECT_THAT(text, HasSubstr("\nnot using perf: "));
    EXPECT_THAT(text, Not(HasSubstr("not using calls")));
    EXPECT_THAT(text, Not(HasSubstr("not using tsc")));
}

TEST(WorstVerdict, IsThatOfAllRunsOfBothCommands)
{
    auto result = stat_result({stat_run(1), stat_run(1, KRUNC_TICKING), stat_run(1, std::nullopt)});
    EXPECT_EQ(worst_verdict(result), KRUNC_TICKING);
    result.other = StatCommand{{"other"}, {stat_run(1, KRUNC_UNUSABLE)}};
    EXPECT_EQ(worst_verdict(result), KRUNC_UNUSABLE);
    EXPECT_EQ(worst_verdict(stat_result({stat_run(1, std::nullopt)})), std::nullopt);
}

TEST(FailedRuns, AreThoseOfBothCommandsThatAreAsBadOrHaveNoVerdict)
{
    auto result = stat_result({stat_run(1), stat_run(1, KRUNC_TICKING), stat_run(1, KRUNC_UNDECIDED)});
    result.other = StatCommand{{"other"}, {stat_run(1, KRUNC_DISTURBED), stat_run(1, KRUNC_UNUSABLE)}};
    EXPECT_EQ(failed_runs(result, KRUNC_TICKING).failed, 4U);
    EXPECT_EQ(failed_runs(result, KRUNC_UNDECIDED).failed, 3U);
    EXPECT_EQ(failed_runs(result, KRUNC_DISTURBED).failed, 2U);
    EXPECT_EQ(failed_runs(result, KRUNC_DISTURBED).all, 5U);
    EXPECT_EQ(failed_runs(stat_result({stat_run(1, std::nullopt)}), KRUNC_DISTURBED).failed, 1U);
}

// What ReBench 1.3 makes of a line: its adapter's two forms (rebench/interop/rebench_log_adapter.py), in this order.
struct ReBenchValue {
    std::string criterion;
    std::string value;
    std::string unit;
    bool operator==(const ReBenchValue &) const = default;
};

std::vector<ReBenchValue> as_rebench_reads(const std::string &log)
{
    const std::regex total(R"(^(?:.*: )?(\S+)( [\w.]+)?: iterations=([0-9]+) runtime: ([0-9]+)([mu])s)");
    const std::regex extra(R"(^(?:.*: )?(\S+): ([^:]+):\s*([0-9]+)([a-zA-Z]+))");
    std::vector<ReBenchValue> values;
    for (const auto &line : lines_of(log)) {
        std::smatch match;
        if (std::regex_search(line, match, total))
            values.push_back({match[2].matched ? match[2].str() : "total", match[4], match[5]});
        else if (std::regex_search(line, match, extra))
            values.push_back({match[2], match[3], match[4]});
        else
            ADD_FAILURE() << "ReBench ignores " << line;
    }
    return values;
}

TEST(ReBenchLog, HasEachRunsCriteriaBeforeItsTotal)
{
    const auto log = rebench_log(stat_result({stat_run(0.0012344), stat_run(2, KRUNC_DISTURBED)}));
    EXPECT_EQ(as_rebench_reads(log), std::vector<ReBenchValue>({{"cycles", "2600100", "cycles"},
                                                                {"disturbed", "0", "runs"},
                                                                {"total", "1234", "u"},
                                                                {"cycles", "2600100", "cycles"},
                                                                {"disturbed", "1", "runs"},
                                                                {"total", "2000000", "u"}}));
}

TEST(ReBenchLog, LeavesOutWhatIsMissing)
{
    auto run = stat_run(1, std::nullopt);
    run.run.deltas[1].valid &= ~static_cast<std::uint32_t>(KRUNC_CYCLES);
    EXPECT_EQ(as_rebench_reads(rebench_log(stat_result({run, unmeasured_run()}))),
              std::vector<ReBenchValue>({{"total", "1000000", "u"}}));
}

TEST(ReBenchLog, TheNameOfAProgramCanHaveBlanksAndColons)
{
    auto result = stat_result({stat_run(1, std::nullopt)});
    result.command.arguments = {"/opt/my bench: 2\n"};
    const auto log = rebench_log(result);
    EXPECT_EQ(log, "my_bench__2_: cycles: 2600100cycles\nmy_bench__2_: iterations=1 runtime: 1000000us\n");
    EXPECT_EQ(as_rebench_reads(log).back(), (ReBenchValue{"total", "1000000", "u"}));
}

} // namespace
} // namespace krun
