// SPDX-License-Identifier: MIT
// Table and JSON of what CPUs did; see activity_report.hpp.
#include "report/activity_report.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

#include "report/delta_json.hpp"
#include "report/table.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

std::string rate_cell(const std::optional<double> &rate) { return rate ? fmt::format("{:.1f}", *rate) : "-"; }

std::string interrupts_cell(const krunc_delta &delta) { return rate_cell(interrupts_per_second(delta)); }
std::string switches_cell(const krunc_delta &delta) { return rate_cell(switches_per_second(delta)); }
std::string ratio_cell(const krunc_delta &delta)
{
    return (delta.derived & KRUNC_D_RATIO) != 0 ? fmt::format("{:.3f}", delta.ratio) : "-";
}
std::string cycles_cell(const krunc_delta &delta) { return count_cell(delta, KRUNC_CYCLES, delta.cycles); }

struct Heading {
    const char *text;
    std::string (*cell)(const krunc_delta &);
};
// In the order of their importance; CPU and status always stay.
constexpr std::array headings = {Heading{"MHz", mhz_cell},           Heading{"busy", busy_cell},
                                 Heading{"irq/s", interrupts_cell},  Heading{"switch/s", switches_cell},
                                 Heading{"APERF/MPERF", ratio_cell}, Heading{"cycles", cycles_cell}};

using Rows = std::vector<std::size_t>; // of ActivityReading::cpus

std::string table_with(const ActivityReading &reading, const Rows &rows, std::size_t columns)
{
    std::vector<Table::Column> layout = {{"CPU", Align::right}, {"status", Align::left}};
    for (std::size_t i = 0; i < columns; i++)
        layout.push_back({headings[i].text, Align::right});
    Table table(std::move(layout));
    for (const std::size_t row : rows) {
        const CpuActivity &cpu = reading.cpus[row];
        std::vector<std::string> cells = {fmt::format("{}", cpu.cpu), cpu.status};
        for (std::size_t i = 0; i < columns; i++)
            cells.push_back(headings[i].cell(cpu.delta.raw()));
        table.add(std::move(cells));
    }
    return table.text();
}

bool is_wider(const std::string &text, const std::optional<std::size_t> &columns)
{
    return columns &&
           std::ranges::any_of(lines_of(text), [&](const std::string &line) { return line.size() > *columns; });
}

// A CPU whose counters cannot be trusted is always shown.
std::vector<CpuRow> rows_of(const ActivityReading &reading)
{
    std::vector<CpuRow> rows;
    for (const CpuActivity &cpu : reading.cpus) {
        const auto decrease = std::ranges::find(reading.decreases, cpu.cpu, &CounterDecrease::cpu);
        rows.push_back({&cpu.delta.raw(), decrease != reading.decreases.end()});
    }
    return rows;
}

std::string hidden_columns(std::size_t shown)
{
    std::string text;
    for (std::size_t i = shown; i < headings.size(); i++)
        text += fmt::format("{}{}", text.empty() ? "too narrow for " : ", ", headings[i].text);
    return text;
}

std::string title(const ActivityReading &reading)
{
    return fmt::format("reading {}, {:.1f} s, way: {}{}", reading.number, reading.elapsed_seconds,
                       krunc_way_name(reading.facts.way),
                       (reading.facts.features & KRUNC_FEATURE_VIRTUAL) != 0 ? ", in a virtual machine" : "");
}

} // namespace

std::string decrease_text(const CounterDecrease &decrease)
{
    return fmt::format("CPU {}: {} went back from {} to {}", decrease.cpu, decrease.counter, decrease.before,
                       decrease.after);
}

std::string activity_table(const ActivityReading &reading, const Room &room)
{
    const auto rows = rows_of(reading);
    std::vector<std::string> notes;
    if (!reading.decreases.empty()) {
        const std::size_t more = reading.decreases.size() - 1;
        notes.push_back(decrease_text(reading.decreases.front()) +
                        (more > 0 ? fmt::format(", and {} more", more) : ""));
    }
    const auto rows_beside = [&](std::size_t some_notes) {
        const std::size_t taken = 2 + some_notes; // the title and the headings
        return rows_to_show(rows, !room.lines ? rows.size() : *room.lines - std::min(taken, *room.lines));
    };
    auto shown = rows_beside(notes.size());
    std::size_t columns = headings.size();
    if (shown.size() < rows.size() || is_wider(table_with(reading, shown, columns), room.columns)) {
        shown = rows_beside(notes.size() + 1); // one says what is not shown
        while (columns > 0 && is_wider(table_with(reading, shown, columns), room.columns))
            columns--;
        const std::string without = hidden_columns(columns);
        const std::string text = hidden_rows(rows, shown);
        notes.push_back(text + (text.empty() || without.empty() ? "" : "; ") + without);
    }
    std::vector<std::string> lines = {title(reading)};
    std::ranges::copy(lines_of(table_with(reading, shown, columns)), std::back_inserter(lines));
    std::ranges::copy(notes, std::back_inserter(lines));
    if (room.lines && lines.size() > *room.lines)
        lines.resize(*room.lines);
    std::string text;
    for (const std::string &line : lines)
        text += line.substr(0, room.columns.value_or(line.size())) + "\n";
    return text;
}

nlohmann::json activity_json(const ActivityReading &reading)
{
    nlohmann::json cpus = nlohmann::json::array();
    for (const CpuActivity &cpu : reading.cpus) {
        cpus.push_back(delta_json(cpu.delta.raw()));
        cpus.back()["status"] = cpu.status;
    }
    nlohmann::json decreases = nlohmann::json::array();
    for (const CounterDecrease &decrease : reading.decreases)
        decreases.push_back({{"cpu", decrease.cpu},
                             {"counter", decrease.counter},
                             {"before_count", decrease.before},
                             {"after_count", decrease.after}});
    return {{"schema", 1},
            {"session", facts_json(reading.facts)},
            {"reading", reading.number},
            {"elapsed_s", reading.elapsed_seconds},
            {"cpus", std::move(cpus)},
            {"decreases", std::move(decreases)}};
}

ActivityReading activity_from(const nlohmann::json &json)
{
    ActivityReading reading;
    reading.number = json.at("reading");
    reading.elapsed_seconds = json.at("elapsed_s");
    reading.facts = facts_from(json.at("session"));
    for (const auto &cpu : json.at("cpus")) {
        CpuActivity activity;
        activity.cpu = cpu.at("cpu");
        activity.status = cpu.at("status");
        activity.delta.raw() = delta_from(cpu);
        reading.cpus.push_back(std::move(activity));
    }
    for (const auto &decrease : json.at("decreases"))
        reading.decreases.push_back(
            {decrease.at("cpu"), decrease.at("counter"), decrease.at("before_count"), decrease.at("after_count")});
    return reading;
}

bool every_counter_advanced(const ActivityReading &reading)
{
    return !reading.cpus.empty() && std::ranges::all_of(reading.cpus, [](const CpuActivity &cpu) {
        return cpu.delta.aperf().value_or(0) > 0 && cpu.delta.mperf().value_or(0) > 0 &&
               cpu.delta.cycles().value_or(0) > 0;
    });
}

} // namespace krun
