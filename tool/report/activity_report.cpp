// SPDX-License-Identifier: MIT
// Table and JSON of what CPUs did; see activity_report.hpp.
#include "report/activity_report.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "report/table.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr const char *missing = "-";

std::string cell(const char *format, const std::optional<double> &value, double factor = 1)
{
    return value ? fmt::format(fmt::runtime(format), *value * factor) : missing;
}

std::string mhz_cell(const CpuActivity &cpu) { return cell("{:.1f}", cpu.frequency_hz, 1e-6); }
// The counter and the time are not read at the same instant, which may give a little more than there is.
std::string busy_cell(const CpuActivity &cpu)
{
    return cpu.busy_share ? fmt::format("{:.1f} %", std::min(*cpu.busy_share, 1.0) * 100) : missing;
}
std::string interrupts_cell(const CpuActivity &cpu) { return cell("{:.1f}", cpu.interrupts_per_second); }
std::string switches_cell(const CpuActivity &cpu) { return cell("{:.1f}", cpu.switches_per_second); }
std::string ratio_cell(const CpuActivity &cpu) { return cell("{:.3f}", cpu.aperf_mperf_ratio); }
std::string cycles_cell(const CpuActivity &cpu) { return cpu.cycles ? with_thousands(*cpu.cycles) : missing; }

struct Heading {
    const char *text;
    std::string (*cell)(const CpuActivity &);
};
// In the order of their importance; the first two always stay.
constexpr std::array headings = {Heading{"MHz", mhz_cell},           Heading{"busy", busy_cell},
                                 Heading{"irq/s", interrupts_cell},  Heading{"switch/s", switches_cell},
                                 Heading{"APERF/MPERF", ratio_cell}, Heading{"cycles", cycles_cell}};

std::string table_with(const std::vector<const CpuActivity *> &cpus, std::size_t columns)
{
    std::vector<Table::Column> layout = {{"CPU", Align::right}, {"status", Align::left}};
    for (std::size_t i = 0; i < columns; i++)
        layout.push_back({headings[i].text, Align::right});
    Table table(std::move(layout));
    for (const CpuActivity *cpu : cpus) {
        std::vector<std::string> cells = {fmt::format("{}", cpu->cpu), cpu->status};
        for (std::size_t i = 0; i < columns; i++)
            cells.push_back(headings[i].cell(*cpu));
        table.add(std::move(cells));
    }
    return table.text();
}

bool is_wider(const std::string &text, const std::optional<std::size_t> &columns)
{
    const auto lines = lines_of(text);
    return columns &&
           std::any_of(lines.begin(), lines.end(), [&](const std::string &line) { return line.size() > *columns; });
}

auto how_busy(const CpuActivity &cpu)
{
    return std::make_tuple(cpu.busy_share.value_or(0), cpu.cycles.value_or(0), cpu.interrupts_per_second.value_or(0));
}

// The busiest, in the order of their numbers. A CPU whose counters cannot be trusted goes first.
std::vector<const CpuActivity *> chosen(const ActivityReading &reading, std::size_t count)
{
    std::vector<const CpuActivity *> cpus;
    for (const CpuActivity &cpu : reading.cpus)
        cpus.push_back(&cpu);
    if (cpus.size() <= count)
        return cpus;
    const auto distrusted = [&](const CpuActivity *cpu) {
        return std::any_of(reading.decreases.begin(), reading.decreases.end(),
                           [&](const CounterDecrease &decrease) { return decrease.cpu == cpu->cpu; });
    };
    std::stable_sort(cpus.begin(), cpus.end(), [&](const CpuActivity *a, const CpuActivity *b) {
        return std::make_pair(distrusted(a), how_busy(*a)) > std::make_pair(distrusted(b), how_busy(*b));
    });
    cpus.resize(count);
    std::sort(cpus.begin(), cpus.end(), [](const auto *a, const auto *b) { return a->cpu < b->cpu; });
    return cpus;
}

std::string hidden_cpus(const ActivityReading &reading, const std::vector<const CpuActivity *> &shown)
{
    std::optional<double> busiest;
    for (const CpuActivity &cpu : reading.cpus) {
        if (cpu.busy_share && std::find(shown.begin(), shown.end(), &cpu) == shown.end())
            busiest = std::max(busiest.value_or(0), std::min(*cpu.busy_share, 1.0));
    }
    return fmt::format("{} CPUs not shown{}", reading.cpus.size() - shown.size(),
                       busiest ? fmt::format(", at most {:.1f} % busy", *busiest * 100) : "");
}

std::string hidden_columns(std::size_t shown)
{
    std::string text;
    for (std::size_t i = shown; i < headings.size(); i++)
        text += fmt::format("{}{}", text.empty() ? "" : ", ", headings[i].text);
    return text.empty() ? "" : "too narrow for " + text;
}

std::string title(const ActivityReading &reading)
{
    return fmt::format("reading {}, {:.1f} s, by {}{}", reading.number, reading.elapsed_seconds, reading.way,
                       reading.virtual_machine ? ", in a virtual machine" : "");
}

nlohmann::json or_null(const auto &value) { return value ? nlohmann::json(*value) : nlohmann::json(nullptr); }

template <class T> void take(const nlohmann::json &json, const char *name, std::optional<T> &value)
{
    if (const auto &found = json.at(name); !found.is_null())
        value = found.get<T>();
}

nlohmann::json json_of(const CpuActivity &cpu)
{
    return {{"cpu", cpu.cpu},
            {"status", cpu.status},
            {"seconds", or_null(cpu.seconds)},
            {"frequency_hz", or_null(cpu.frequency_hz)},
            {"busy_share", or_null(cpu.busy_share)},
            {"aperf_mperf_ratio", or_null(cpu.aperf_mperf_ratio)},
            {"aperf_mperf_ratio_error", or_null(cpu.ratio_error)},
            {"aperf_ticks", or_null(cpu.aperf)},
            {"mperf_ticks", or_null(cpu.mperf)},
            {"core_cycles", or_null(cpu.cycles)},
            {"interrupts_per_second", or_null(cpu.interrupts_per_second)},
            {"switches_per_second", or_null(cpu.switches_per_second)}};
}

CpuActivity cpu_from(const nlohmann::json &json)
{
    CpuActivity cpu;
    cpu.cpu = json.at("cpu");
    cpu.status = json.at("status");
    take(json, "seconds", cpu.seconds);
    take(json, "frequency_hz", cpu.frequency_hz);
    take(json, "busy_share", cpu.busy_share);
    take(json, "aperf_mperf_ratio", cpu.aperf_mperf_ratio);
    take(json, "aperf_mperf_ratio_error", cpu.ratio_error);
    take(json, "aperf_ticks", cpu.aperf);
    take(json, "mperf_ticks", cpu.mperf);
    take(json, "core_cycles", cpu.cycles);
    take(json, "interrupts_per_second", cpu.interrupts_per_second);
    take(json, "switches_per_second", cpu.switches_per_second);
    return cpu;
}

} // namespace

std::string decrease_text(const CounterDecrease &decrease)
{
    return fmt::format("CPU {}: {} got smaller: {} after {}", decrease.cpu, decrease.counter, decrease.after,
                       decrease.before);
}

std::string activity_table(const ActivityReading &reading, const Room &room)
{
    constexpr std::size_t around = 2; // the title and the headings
    std::vector<std::string> notes;
    if (!reading.decreases.empty()) {
        const std::size_t more = reading.decreases.size() - 1;
        notes.push_back(decrease_text(reading.decreases.front()) + (more > 0 ? fmt::format(", {} more", more) : ""));
    }
    const auto room_for_cpus = [&] {
        const std::size_t taken = around + notes.size();
        return !room.lines ? reading.cpus.size() : *room.lines > taken ? *room.lines - taken : 0;
    };
    // The last line is needed for CPUs that are not shown, and also for columns that are not.
    const auto everything = table_with(chosen(reading, room_for_cpus()), headings.size());
    const bool all_fit = reading.cpus.size() <= room_for_cpus() && !is_wider(everything, room.columns);
    if (!all_fit)
        notes.emplace_back();
    const auto cpus = chosen(reading, room_for_cpus());
    std::size_t columns = headings.size();
    while (columns > 0 && is_wider(table_with(cpus, columns), room.columns))
        columns--;
    if (!all_fit) {
        std::string text = cpus.size() < reading.cpus.size() ? hidden_cpus(reading, cpus) : "";
        const std::string without = hidden_columns(columns);
        notes.back() = text + (text.empty() || without.empty() ? "" : "; ") + without;
    }
    std::vector<std::string> lines = {title(reading)};
    for (auto &line : lines_of(table_with(cpus, columns)))
        lines.push_back(std::move(line));
    for (auto &note : notes)
        if (!note.empty())
            lines.push_back(std::move(note));
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
    for (const CpuActivity &cpu : reading.cpus)
        cpus.push_back(json_of(cpu));
    nlohmann::json decreases = nlohmann::json::array();
    for (const CounterDecrease &decrease : reading.decreases)
        decreases.push_back({{"cpu", decrease.cpu},
                             {"counter", decrease.counter},
                             {"before", decrease.before},
                             {"after", decrease.after}});
    return {{"schema", 1},
            {"reading", reading.number},
            {"elapsed_seconds", reading.elapsed_seconds},
            {"way", reading.way},
            {"virtual_machine", reading.virtual_machine},
            {"cpus", std::move(cpus)},
            {"decreases", std::move(decreases)}};
}

ActivityReading activity_from(const nlohmann::json &json)
{
    ActivityReading reading;
    reading.number = json.at("reading");
    reading.elapsed_seconds = json.at("elapsed_seconds");
    reading.way = json.at("way");
    reading.virtual_machine = json.at("virtual_machine");
    for (const auto &cpu : json.at("cpus"))
        reading.cpus.push_back(cpu_from(cpu));
    for (const auto &decrease : json.at("decreases"))
        reading.decreases.push_back(
            {decrease.at("cpu"), decrease.at("counter"), decrease.at("before"), decrease.at("after")});
    return reading;
}

bool every_counter_advanced(const ActivityReading &reading)
{
    return !reading.cpus.empty() && std::all_of(reading.cpus.begin(), reading.cpus.end(), [](const CpuActivity &cpu) {
        return cpu.aperf.value_or(0) > 0 && cpu.mperf.value_or(0) > 0 && cpu.cycles.value_or(0) > 0;
    });
}

} // namespace krun
