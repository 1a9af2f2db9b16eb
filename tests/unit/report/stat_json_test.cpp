// SPDX-License-Identifier: MIT
// The JSON of krunctl stat: schema 1.
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/delta_json.hpp"
#include "report/stat_report.hpp"
#include "report/stat_result.hpp"

namespace krun
{
namespace
{

using nlohmann::json;

std::vector<std::string> keys(const json &object)
{
    std::vector<std::string> names;
    for (const auto &[name, value] : object.items())
        names.push_back(name);
    return names;
}

TEST(StatJson, OfOneRunIsSchemaOneWithUnitsInItsNames)
{
    auto run = stat_run(2);
    run.run.status = 5;
    run.run.switches = TaskSwitches{7, 3, {}, false};
    run.run.energy = {{"pkg", 0, 12.5}};
    const auto all = stat_json(stat_result({run}));
    EXPECT_THAT(keys(all), testing::ElementsAre("commands", "schema", "session", "verdict"));
    EXPECT_EQ(all.at("schema"), 1);
    EXPECT_EQ(all.at("verdict"), "clean");
    const auto &command = all.at("commands").at(0);
    EXPECT_EQ(command.at("command"), json({"/opt/bench", "--size", "3"}));
    EXPECT_EQ(command.at("elapsed_mean_s"), 2);
    const auto &one = command.at("runs").at(0);
    EXPECT_THAT(keys(one),
                testing::UnorderedElementsAre("exit_status", "elapsed_s", "user_s", "system_s", "windows_count",
                                              "bound_cpus", "cpus", "verdict", "task_switches_count", "energy"));
    EXPECT_EQ(one.at("exit_status"), 5);
    EXPECT_EQ(one.at("elapsed_s"), 2);
    EXPECT_EQ(one.at("bound_cpus"), json({1}));
    EXPECT_EQ(one.at("task_switches_count"), json({{"voluntary", 7}, {"involuntary", 3}}));
    EXPECT_EQ(one.at("energy"), json::array({{{"domain", "pkg"}, {"cpu", 0}, {"energy_j", 12.5}}}));
    EXPECT_EQ(one.at("verdict"), json({{"kind", "clean"}, {"causes", json::array()}, {"notes", json::array()}}));
    EXPECT_EQ(one.at("cpus").size(), 2U);
}

TEST(StatJson, OfACpuHasWhatWasCountedAndWhatFollows)
{
    auto delta = full_delta(1);
    delta.quality = KRUNC_Q_VIRTUAL | KRUNC_Q_INTERRUPTED;
    delta.unknown = KRUNC_Q_SMI;
    delta.derived |= KRUNC_D_MPERF_ERROR;
    delta.mperf_error = 17;
    EXPECT_EQ(delta_json(delta), json::parse(R"({"cpu": 1, "status": "ok", "quality": ["interrupted", "virtual"],
        "unknown": ["smi"], "aperf_count": 2600, "mperf_count": 2000, "cycles_count": 2600100,
        "instructions_count": 1234567, "smi_count": 0, "switches_count": 11, "interrupts_count": {"timer": 3,
        "reschedule": 0, "call": 0, "device": 4, "nmi": 0, "other": 0, "sampled": 0, "own": 100}, "elapsed_s": 2.0,
        "aperf_mperf_ratio": 1.3, "aperf_mperf_error_ratio": 0.0, "frequency_hz": 2.6e9, "busy_ratio": 0.25,
        "mperf_error_count": 17, "interrupts_per_s": 3.5, "switches_per_s": 5.5})"));
}

TEST(StatJson, OfADifferenceCanBeReadBack)
{
    auto delta = full_delta(1);
    delta.quality = KRUNC_Q_VIRTUAL | KRUNC_Q_INTERRUPTED;
    delta.unknown = KRUNC_Q_SMI;
    delta.valid = (delta.valid & ~static_cast<std::uint32_t>(KRUNC_CLOCK)) | KRUNC_EVENT(2);
    delta.events[2] = 77;
    delta.sampled_by_others = 5;
    const auto back = delta_from(delta_json(delta));
    EXPECT_EQ(delta_json(back), delta_json(delta));
    EXPECT_EQ(back.valid, delta.valid);
    EXPECT_EQ(back.derived, delta.derived);
    EXPECT_EQ(back.events[2], 77U);
    EXPECT_THROW(delta_from(nlohmann::json::object()), nlohmann::json::exception);
}

TEST(StatJson, SaysHowManyRunsFailOnlyIfSomebodyAsks)
{
    auto result = stat_result({stat_run(2), stat_run(2, KRUNC_DISTURBED)});
    EXPECT_FALSE(stat_json(result).contains("fail_on"));
    result.fail_on = KRUNC_DISTURBED;
    EXPECT_EQ(stat_json(result).at("fail_on"), json({{"kind", "disturbed"}, {"failed_runs_count", 1}}));
}

TEST(StatJson, LeavesOutWhatIsMissing)
{
    krunc_delta offline{};
    offline.cpu = 3;
    offline.status = KRUNC_OFFLINE;
    EXPECT_EQ(delta_json(offline), json::parse(R"({"cpu": 3, "status": "offline", "quality": [], "unknown": []})"));
    const auto all = stat_json(stat_result({unmeasured_run()}));
    const auto &command = all.at("commands").at(0);
    EXPECT_THAT(keys(command), testing::UnorderedElementsAre("command", "runs"));
    EXPECT_THAT(keys(command.at("runs").at(0)),
                testing::UnorderedElementsAre("exit_status", "user_s", "system_s", "windows_count", "bound_cpus",
                                              "cpus", "verdict"));
}

TEST(StatJson, WithoutAVerdictHasNullAndTheReason)
{
    const auto all = stat_json(stat_result({stat_run(2, std::nullopt)}));
    EXPECT_EQ(all.at("verdict"), nullptr);
    EXPECT_EQ(all.at("commands").at(0).at("runs").at(0).at("verdict"),
              json({{"kind", nullptr}, {"reason", "the command was not bound"}}));
}

TEST(StatJson, CausesHaveTheirCpuIfTheyHaveOne)
{
    auto run = stat_run(2, KRUNC_DISTURBED);
    run.verdict.causes = {{KRUNC_CAUSE_DEVICE, 1, 9}, {KRUNC_CAUSE_INVOLUNTARY, {}, 2}};
    const auto all = stat_json(stat_result({run}));
    const auto &causes = all.at("commands").at(0).at("runs").at(0).at("verdict").at("causes");
    EXPECT_EQ(causes.at(0), json({{"cause", krunc_cause_name(KRUNC_CAUSE_DEVICE)},
                                  {"count", 9},
                                  {"cpu", 1},
                                  {"remedy", krunc_cause_remedy(KRUNC_CAUSE_DEVICE)}}));
    EXPECT_FALSE(causes.at(1).contains("cpu"));
}

TEST(StatJson, OfSeveralRunsHasAnIntervalAndOfOneNone)
{
    EXPECT_FALSE(stat_json(stat_result({stat_run(1)})).at("commands").at(0).contains("elapsed_interval_s"));
    const auto several = stat_json(stat_result({stat_run(1), stat_run(2), stat_run(3)})).at("commands").at(0);
    EXPECT_EQ(several.at("elapsed_mean_s"), 2);
    EXPECT_NEAR(several.at("elapsed_interval_s").at(0).get<double>(), 2 - 2.484, 0.001);
    EXPECT_NEAR(several.at("elapsed_interval_s").at(1).get<double>(), 2 + 2.484, 0.001);
}

TEST(StatJson, AComparisonIsOfTheMeasuredPairs)
{
    auto result = stat_result({stat_run(1), stat_run(2), stat_run(3), unmeasured_run()});
    result.other = StatCommand{{"other"}, {stat_run(2), stat_run(4), stat_run(6), stat_run(9)}};
    const auto all = stat_json(result);
    EXPECT_EQ(all.at("commands").size(), 2U);
    const auto &comparison = all.at("comparison");
    EXPECT_EQ(comparison.at("pairs_count"), 3);
    EXPECT_EQ(comparison.at("elapsed_difference_s"), 2);
    EXPECT_EQ(comparison.at("confidence_ratio"), 0.95);
    EXPECT_NEAR(comparison.at("elapsed_difference_interval_s").at(0).get<double>(), 2 - 2.484, 0.001);
    result.other->runs.clear();
    EXPECT_THAT(keys(stat_json(result).at("comparison")),
                testing::UnorderedElementsAre("pairs_count", "confidence_ratio"));
}

TEST(StatJson, SaysWhichWaysAndCountersThereAreNot)
{
    auto result = stat_result({stat_run(1)});
    result.facts.way = KRUNC_WAY_PERF;
    result.facts.features = KRUNC_FEATURE_VIRTUAL;
    result.facts.tsc_hz = 2'000'000'000;
    result.facts.way_errors[KRUNC_WAY_DEVICE] = -ENOENT;
    result.facts.counter_errors[5] = -EOPNOTSUPP; // KRUNC_SMI
    result.energy_error = EACCES;
    const auto all = stat_json(result);
    const auto &session = all.at("session");
    EXPECT_EQ(session.at("way"), "perf");
    EXPECT_EQ(session.at("virtual_machine"), true);
    EXPECT_EQ(session.at("tsc_hz"), 2'000'000'000);
    EXPECT_FALSE(session.contains("tick_hz"));
    EXPECT_EQ(keys(session.at("not_usable")), std::vector<std::string>({"device"}));
    EXPECT_EQ(session.at("not_usable").at("device").at("error"), "No such file or directory");
    EXPECT_EQ(session.at("missing"), json({{krunc_counter_name(KRUNC_SMI), "Operation not supported"}}));
    EXPECT_EQ(all.at("energy_error"), "Permission denied");
}

} // namespace
} // namespace krun
