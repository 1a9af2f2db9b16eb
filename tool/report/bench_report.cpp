// SPDX-License-Identifier: MIT

#include "report/bench_report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>

#include "host/cpu_sets.hpp"
#include "report/table.hpp"

namespace krun
{
namespace
{

constexpr int schema = 1;

struct Figure {
    const char *name;
    const char *key;
    std::uint64_t Distribution::*value;
};

constexpr std::array cost_figures = {
    Figure{"min", "min", &Distribution::min}, Figure{"p50", "p50", &Distribution::p50},
    Figure{"p99", "p99", &Distribution::p99}, Figure{"p99.9", "p999", &Distribution::p999},
    Figure{"max", "max", &Distribution::max},
};

using ShownTicks = std::function<std::string(std::uint64_t)>;

void for_all_rows(const BenchResult &result, const std::function<void(const BenchRow &)> &call)
{
    for (const auto *rows : {&result.baselines, &result.ways})
        for (const BenchRow &row : *rows)
            call(row);
}

std::string table_of_times(const BenchResult &result, const ShownTicks &shown)
{
    std::vector<Table::Column> columns = {{"way"}, {"scope"}, {"readings", Align::right}};
    for (const Figure &figure : cost_figures)
        columns.push_back({figure.name, Align::right});
    Table table(std::move(columns));
    for_all_rows(result, [&](const BenchRow &row) {
        const Distribution &ticks = row.cost.ticks;
        std::vector<std::string> cells = {row.name, row.scope,
                                          with_thousands(ticks.count) + (row.cost.fewer ? "*" : "")};
        for (const Figure &figure : cost_figures)
            cells.push_back(ticks.count == 0 ? "-" : shown(ticks.*figure.value));
        table.add(std::move(cells));
    });
    return table.text();
}

std::string table_of_contents(const BenchResult &result)
{
    Table table({{"way"},
                 {"scope"},
                 {"CPUs", Align::right},
                 {"interrupts", Align::right},
                 {"without", Align::right},
                 {"kinds"},
                 {"counters"}});
    for (const BenchRow &row : result.ways) {
        const auto &others = row.cost.others;
        table.add({row.name, row.scope, row.cpus == 0 ? "-" : fmt::format("{}", row.cpus),
                   others ? fmt::format("{:.2f}", others->during()) : "-",
                   others ? fmt::format("{:.2f}", others->otherwise()) : "-",
                   others ? kinds_of_interrupts(*others) : "",
                   row.counters.empty() ? "none"
                                        : fmt::format("{}: {}", row.counters.size(), fmt::join(row.counters, ", "))});
    }
    return table.text();
}

std::string bench_heading(const BenchResult &result)
{
    const MachineFacts &machine = result.machine;
    std::string text = fmt::format("{}, Linux {}, on CPU {} of {}",
                                   machine.cpu_model.empty() ? "unknown CPU model" : machine.cpu_model, machine.kernel,
                                   result.cpu, format_cpu_list(machine.online));
    if (result.tsc_hz != 0)
        text += fmt::format(", TSC {:.3f} GHz", static_cast<double>(result.tsc_hz) / 1e9);
    text += "\n";
    if (const auto warning = warning_about(machine); !warning.empty())
        text += warning + "\n";
    return text;
}

std::string bench_remarks(const BenchResult &result)
{
    std::string text;
    bool fewer = false;
    for_all_rows(result, [&](const BenchRow &row) {
        fewer = fewer || row.cost.fewer;
        if (!row.error.empty())
            text += fmt::format("stopped early  {}, {}: {}\n", row.name, row.scope, row.error);
    });
    for (const MissingRow &missing : missing_rows(result)) {
        text += fmt::format("not usable  {}, {}: {}\n", missing.name, missing.scopes, missing.reason);
        if (!missing.remedy.empty())
            text += fmt::format("  -> {}\n", missing.remedy);
    }
    if (fewer)
        text.insert(0, "* fewer readings, because each takes long\n");
    return text;
}

nlohmann::json counts_json(const std::vector<InterruptRow> &rows)
{
    nlohmann::json counts = nlohmann::json::object();
    for (const InterruptRow &row : rows)
        counts[row.name] = row.count;
    return counts;
}

// What is missing is left out.
void add_if(nlohmann::json &json, const std::string &name, const auto &value)
{
    if (value)
        json[name] = *value;
}

nlohmann::json others_json(const BenchResult &result, const OtherCpus &others)
{
    nlohmann::json json = {{"readings_count", others.readings},
                           {"window_ticks", others.ticks},
                           {"interrupts_per_reading", others.during()},
                           {"control_interrupts_per_reading", others.otherwise()},
                           {"caused_interrupts_per_reading", others.caused()},
                           {"interrupts_count", counts_json(others.rows)},
                           {"control_interrupts_count", counts_json(others.control)}};
    add_if(json, "window_ns", nanoseconds(result, others.ticks));
    return json;
}

nlohmann::json row_json(const BenchResult &result, const BenchRow &row)
{
    const Distribution &ticks = row.cost.ticks;
    nlohmann::json json = {{"name", row.name}, {"readings_count", ticks.count}, {"fewer", row.cost.fewer}};
    for (const Figure &figure : cost_figures) {
        if (ticks.count == 0)
            break;
        json[fmt::format("{}_ticks", figure.key)] = ticks.*figure.value;
        add_if(json, fmt::format("{}_ns", figure.key), nanoseconds(result, ticks.*figure.value));
    }
    json["histogram"] = nlohmann::json::array();
    for (const Bucket &bucket : ticks.histogram)
        json["histogram"].push_back(
            {{"from_ticks", bucket.from}, {"to_ticks", bucket.to}, {"readings_count", bucket.count}});
    if (row.cost.others)
        json["other_cpus"] = others_json(result, *row.cost.others);
    if (!row.error.empty())
        json["error"] = row.error;
    return json;
}

nlohmann::json machine_json(const BenchResult &result)
{
    const MachineFacts &machine = result.machine;
    nlohmann::json json = {{"online_cpus", machine.online},
                           {"adaptive_tick_cpus", machine.adaptive_tick},
                           {"virtual_machine", !machine.on_bare_metal()},
                           {"emulated", machine.emulated},
                           {"tsc_invariant", result.tsc_invariant},
                           {"mitigations", nlohmann::json::object()}};
    const std::pair<const char *, const std::string &> texts[] = {{"kernel", machine.kernel},
                                                                  {"kernel_version", machine.kernel_version},
                                                                  {"cpu_model", machine.cpu_model},
                                                                  {"microcode", machine.microcode},
                                                                  {"clock_source", machine.clock_source},
                                                                  {"frequency_governor", machine.governor},
                                                                  {"hypervisor", machine.hypervisor}};
    for (const auto &[name, text] : texts)
        if (!text.empty())
            json[name] = text;
    for (const auto &[name, state] : machine.mitigations)
        json["mitigations"][name] = state;
    if (result.tsc_hz != 0)
        json["tsc_hz"] = result.tsc_hz;
    return json;
}

} // namespace

std::optional<double> nanoseconds(const BenchResult &result, std::uint64_t ticks)
{
    if (result.tsc_hz == 0)
        return {};
    // A tenth is already less than a tick.
    return std::round(static_cast<double>(ticks) * 1e10 / static_cast<double>(result.tsc_hz)) / 10;
}

std::string short_number(double number)
{
    if (number >= 100)
        return with_thousands(static_cast<unsigned long long>(std::llround(number)));
    return fmt::format("{:.{}f}", number, number >= 10 ? 1 : 2);
}

std::string kinds_of_interrupts(const OtherCpus &others)
{
    std::vector<std::pair<double, std::string>> kinds;
    for (const InterruptRow &row : others.rows) {
        const auto same = std::find_if(others.control.begin(), others.control.end(),
                                       [&](const InterruptRow &one) { return one.name == row.name; });
        const double control = same == others.control.end() ? 0 : static_cast<double>(same->count);
        const double each = (static_cast<double>(row.count) - control) / static_cast<double>(others.readings);
        if (each >= 0.05) // less is chance
            kinds.emplace_back(each, fmt::format("{} {:.2f}", row.name, each));
    }
    std::sort(kinds.rbegin(), kinds.rend());
    std::vector<std::string> words;
    for (const auto &[each, word] : kinds)
        words.push_back(word);
    return fmt::format("{}", fmt::join(words, ", "));
}

std::vector<MissingRow> missing_rows(const BenchResult &result)
{
    std::vector<MissingRow> rows;
    for (const MissingWay &one : result.missing) {
        const MissingRow row = {one.way.name(), one.way.scope_name(), one.reason, one.remedy};
        if (!rows.empty() && rows.back().name == row.name && rows.back().reason == row.reason)
            rows.back().scopes += " and " + row.scopes;
        else
            rows.push_back(row);
    }
    return rows;
}

std::string bench_report(const BenchResult &result)
{
    std::string text = bench_heading(result);
    if (result.tsc_hz != 0)
        text += "\nnanoseconds per reading\n" +
                table_of_times(result, [&](std::uint64_t ticks) { return short_number(*nanoseconds(result, ticks)); });
    text +=
        "\nTSC ticks per reading\n" + table_of_times(result, [](std::uint64_t ticks) { return with_thousands(ticks); });
    if (!result.ways.empty())
        text += "\ninterrupts on other CPUs per reading, and in the same time without readings\n" +
                table_of_contents(result);
    if (const auto more = bench_remarks(result); !more.empty())
        text += "\n" + more;
    return text;
}

nlohmann::json bench_json(const BenchResult &result)
{
    nlohmann::json ways = nlohmann::json::array();
    for (const BenchRow &row : result.ways) {
        auto json = row_json(result, row);
        json["scope"] = row.scope;
        json["cpus_count"] = row.cpus;
        json["counters"] = row.counters;
        ways.push_back(std::move(json));
    }
    nlohmann::json baselines = nlohmann::json::array();
    for (const BenchRow &row : result.baselines) {
        auto json = row_json(result, row);
        json["what"] = row.what;
        baselines.push_back(std::move(json));
    }
    nlohmann::json not_usable = nlohmann::json::array();
    for (const MissingWay &one : result.missing)
        not_usable.push_back({{"name", one.way.name()},
                              {"scope", one.way.scope_name()},
                              {"reason", one.reason},
                              {"remedy", one.remedy}});
    nlohmann::json json = {{"schema", schema},
                           {"machine", machine_json(result)},
                           {"cpu", result.cpu},
                           {"readings_count", result.readings},
                           {"ways", std::move(ways)},
                           {"baselines", std::move(baselines)},
                           {"not_usable", std::move(not_usable)}};
    if (const auto warning = warning_about(result.machine); !warning.empty())
        json["warning"] = warning;
    return json;
}

} // namespace krun
