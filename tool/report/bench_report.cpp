// SPDX-License-Identifier: MIT

#include "report/bench_report.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>
#include <set>

#include "host/cpu_sets.hpp"
#include "report/table.hpp"

namespace krun
{
namespace
{

std::string table_of_times(const BenchResult &result, const std::function<std::string(std::uint64_t)> &shown)
{
    std::vector<Table::Column> columns = {{"way"}, {"scope"}, {"readings", Align::right}};
    for (const CostFigure &figure : cost_figures)
        columns.push_back({figure.name, Align::right});
    Table table(std::move(columns));
    for (const BenchRow *row : all_rows(result))
        table.add(time_cells(*row, shown));
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
        auto cells = disturbance_cells(row);
        if (!row.counters.empty())
            cells.back() = fmt::format("{}: {}", row.counters.size(), cells.back());
        table.add(std::move(cells));
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
    for (const BenchRow *row : all_rows(result)) {
        fewer = fewer || row->cost.fewer;
        if (!row->error.empty())
            text += fmt::format("stopped early  {}, {}: {}\n", row->name, row->scope, row->error);
    }
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
    for (const CostFigure &figure : cost_figures) {
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
    std::set<std::pair<double, std::string>, std::greater<>> kinds; // the most frequent first
    for (const InterruptRow &row : others.rows) {
        const auto same = std::ranges::find(others.control, row.name, &InterruptRow::name);
        const double control = same == others.control.end() ? 0 : static_cast<double>(same->count);
        const double each = (static_cast<double>(row.count) - control) / static_cast<double>(others.readings);
        if (each >= 0.05) // less is chance
            kinds.emplace(each, fmt::format("{} {:.2f}", row.name, each));
    }
    std::vector<std::string> texts;
    std::ranges::transform(kinds, std::back_inserter(texts), &decltype(kinds)::value_type::second);
    return fmt::format("{}", fmt::join(texts, ", "));
}

std::vector<const BenchRow *> all_rows(const BenchResult &result)
{
    std::vector<const BenchRow *> rows;
    for (const auto *some : {&result.baselines, &result.ways})
        for (const BenchRow &row : *some)
            rows.push_back(&row);
    return rows;
}

std::vector<std::string> time_cells(const BenchRow &row, const std::function<std::string(std::uint64_t)> &shown)
{
    const Distribution &ticks = row.cost.ticks;
    std::vector<std::string> cells = {row.name, row.scope, with_thousands(ticks.count) + (row.cost.fewer ? "*" : "")};
    for (const CostFigure &figure : cost_figures)
        cells.push_back(ticks.count == 0 ? "-" : shown(ticks.*figure.value));
    return cells;
}

std::vector<std::string> disturbance_cells(const BenchRow &row)
{
    const auto &others = row.cost.others;
    return {row.name,
            row.scope,
            row.cpus == 0 ? "-" : fmt::format("{}", row.cpus),
            others ? fmt::format("{:.2f}", others->during()) : "-",
            others ? fmt::format("{:.2f}", others->otherwise()) : "-",
            others ? kinds_of_interrupts(*others) : "",
            row.counters.empty() ? "none" : fmt::format("{}", fmt::join(row.counters, ", "))};
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
    const auto none = nlohmann::json::array();
    nlohmann::json json = {{"schema", 1},
                           {"machine", machine_json(result)},
                           {"cpu", result.cpu},
                           {"ways", none},
                           {"baselines", none},
                           {"not_usable", none},
                           {"readings_count", result.readings}};
    for (const BenchRow &row : result.ways) {
        auto &way = json["ways"].emplace_back(row_json(result, row));
        way["scope"] = row.scope;
        way["cpus_count"] = row.cpus;
        way["counters"] = row.counters;
    }
    for (const BenchRow &row : result.baselines)
        json["baselines"].emplace_back(row_json(result, row))["what"] = row.what;
    for (const MissingWay &one : result.missing)
        json["not_usable"].push_back({{"name", one.way.name()},
                                      {"scope", one.way.scope_name()},
                                      {"reason", one.reason},
                                      {"remedy", one.remedy}});
    if (const auto warning = warning_about(result.machine); !warning.empty())
        json["warning"] = warning;
    return json;
}

} // namespace krun
