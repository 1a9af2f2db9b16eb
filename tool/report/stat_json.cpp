// SPDX-License-Identifier: MIT
// The JSON of krunctl stat, schema 1, in the names of delta_json.hpp.
#include <cmath>
#include <cstring>

#include "report/delta_json.hpp"
#include "report/stat_report.hpp"
#include "util/statistics.hpp"

namespace krun
{

using nlohmann::json;

namespace
{

json causes_json(const std::vector<RunCause> &causes)
{
    json list = json::array();
    for (const auto &one : causes) {
        json cause = {
            {"cause", krunc_cause_name(one.cause)}, {"count", one.count}, {"remedy", krunc_cause_remedy(one.cause)}};
        if (one.cpu)
            cause["cpu"] = *one.cpu;
        list.push_back(cause);
    }
    return list;
}

json verdict_json(const RunVerdict &verdict)
{
    if (!verdict.kind)
        return {{"kind", nullptr}, {"reason", verdict.why_not}};
    return {{"kind", krunc_verdict_name(*verdict.kind)},
            {"causes", causes_json(verdict.causes)},
            {"notes", causes_json(verdict.notes)}};
}

json run_json(const StatRun &one)
{
    const MeasuredRun &run = one.run;
    json result = {
        {"exit_status", run.status},           {"user_s", run.user_seconds}, {"system_s", run.system_seconds},
        {"windows_count", run.windows},        {"bound_cpus", run.bound},    {"cpus", json::array()},
        {"verdict", verdict_json(one.verdict)}};
    if (run.windows != 0)
        result["elapsed_s"] = run.seconds;
    if (run.switches)
        result["task_switches_count"] = {{"voluntary", run.switches->voluntary},
                                         {"involuntary", run.switches->involuntary}};
    for (const auto &delta : run.deltas)
        result["cpus"].push_back(delta_json(delta));
    for (const auto &energy : run.energy)
        result["energy"].push_back({{"domain", energy.domain}, {"cpu", energy.cpu}, {"energy_j", energy.joules}});
    return result;
}

// Their mean and, with at least two values, its interval.
void add_spread(json &result, const char *mean, const char *interval, const std::vector<double> &values)
{
    const auto spread = spread_of(values);
    if (!values.empty())
        result[mean] = spread.mean;
    if (values.size() > 1)
        result[interval] = {spread.mean - spread.half_width, spread.mean + spread.half_width};
}

json command_json(const StatCommand &command)
{
    json result = {{"command", command.arguments}, {"runs", json::array()}};
    for (const auto &one : command.runs)
        result["runs"].push_back(run_json(one));
    add_spread(result, "elapsed_mean_s", "elapsed_interval_s", present(seconds_of(command)));
    return result;
}

json comparison_json(const StatCommand &first, const StatCommand &second)
{
    const auto pairs = pair_differences(seconds_of(first), seconds_of(second));
    json comparison = {{"pairs_count", pairs.size()}, {"confidence_ratio", 0.95}};
    add_spread(comparison, "elapsed_difference_s", "elapsed_difference_interval_s", pairs);
    return comparison;
}

} // namespace

json stat_json(const StatResult &result)
{
    json all = {{"schema", 1},
                {"session", facts_json(result.facts)},
                {"commands", json::array({command_json(result.command)})},
                {"verdict", nullptr}};
    if (const auto worst = worst_verdict(result))
        all["verdict"] = krunc_verdict_name(*worst);
    if (result.other) {
        all["commands"].push_back(command_json(*result.other));
        all["comparison"] = comparison_json(result.command, *result.other);
    }
    if (result.fail_on) {
        const auto runs = failed_runs(result, *result.fail_on);
        all["fail_on"] = {{"kind", krunc_verdict_name(*result.fail_on)}, {"failed_runs_count", runs.failed}};
    }
    if (result.energy_error != 0)
        all["energy_error"] = std::strerror(result.energy_error);
    return all;
}

} // namespace krun
