// SPDX-License-Identifier: MIT
// The JSON of krunctl stat, schema 1: units are in the names, what is missing is left out.
#include <cmath>
#include <cstring>

#include "report/comparison.hpp"
#include "report/delta_json.hpp"
#include "report/stat_report.hpp"

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
    json result = {{"exit_status", run.status},  {"elapsed_s", run.seconds},
                   {"user_s", run.user_seconds}, {"system_s", run.system_seconds},
                   {"windows", run.windows},     {"bound_cpus", run.bound},
                   {"cpus", json::array()},      {"verdict", verdict_json(one.verdict)}};
    if (run.switches)
        result["switches"] = {{"voluntary", run.switches->voluntary}, {"involuntary", run.switches->involuntary}};
    for (const auto &delta : run.deltas)
        result["cpus"].push_back(delta_json(delta));
    for (const auto &energy : run.energy)
        result["energy"].push_back({{"domain", energy.domain}, {"cpu", energy.cpu}, {"energy_j", energy.joules}});
    return result;
}

json command_json(const StatCommand &command)
{
    json result = {{"command", command.arguments}, {"runs", json::array()}};
    std::vector<double> seconds;
    for (const auto &one : command.runs) {
        result["runs"].push_back(run_json(one));
        seconds.push_back(one.run.seconds);
    }
    const auto spread = spread_of(seconds);
    result["elapsed_mean_s"] = spread.mean;
    if (seconds.size() > 1)
        result["elapsed_interval_s"] = {spread.mean - spread.half_width, spread.mean + spread.half_width};
    return result;
}

json comparison_json(const StatResult &result)
{
    std::vector<double> pairs;
    for (std::size_t i = 0; i < result.command.runs.size() && i < result.other->runs.size(); i++)
        pairs.push_back(result.other->runs[i].run.seconds - result.command.runs[i].run.seconds);
    const auto spread = spread_of(pairs);
    json comparison = {{"pairs", pairs.size()}, {"elapsed_difference_s", spread.mean}, {"confidence", 0.95}};
    if (pairs.size() > 1)
        comparison["elapsed_difference_interval_s"] = {spread.mean - spread.half_width,
                                                       spread.mean + spread.half_width};
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
        all["comparison"] = comparison_json(result);
    }
    if (result.energy_error != 0)
        all["energy_error"] = std::strerror(result.energy_error);
    return all;
}

} // namespace krun
