// SPDX-License-Identifier: MIT

#include "report/cost_report.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <map>

#include "report/table.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

const std::map<std::string, std::string> explanations = {
    {"null", "null system call (getppid)"},
    {"krun", "krun_read_msrs: APERF, MPERF, core cycles"},
    {"sample", "krun_sample: the same, with time stamps"},
    {"ioctl", "KRUN_IOC_SAMPLE: the same by ioctl"},
    {"msr", "msr node: three pread"},
    {"perf-group", "perf: one read of a group of APERF and MPERF"},
    {"perf-read", "perf: one read of core cycles"},
    {"library-call", "krunc_sample_end: like krunc_sample, into the caller's memory"},
    {"library-begin", "its sampler for the beginning, without a look at the arguments"},
    {"library-end", "its sampler for the end"},
    {"library-read", "krunc_read: the thread's core cycles by RDPMC"},
    {"library-in-place", "krunc_read_in_place: the same without a call"},
};

std::optional<double> seconds_in(const std::string &text)
{
    char *end = nullptr;
    const double seconds = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(seconds >= 0))
        return std::nullopt;
    return seconds;
}

std::string shown(double seconds) { return fmt::format("{:.1f}", seconds); }

} // namespace

std::optional<std::uint64_t> cost_of(const std::vector<WayCost> &costs, const std::string &way)
{
    for (const WayCost &cost : costs)
        if (cost.way == way)
            return cost.cost;
    return {};
}

Result<std::vector<WayCost>> parse_costs(const std::string &output)
{
    std::vector<WayCost> costs;
    for (const std::string &line : lines_of(output)) {
        const std::size_t tab = line.find('\t');
        const std::string count = tab == std::string::npos ? "" : line.substr(tab + 1);
        const auto number = whole_number<std::uint64_t>(count);
        if (!number && count != "-")
            return failure("the cost benchmark printed `" + line + "`");
        costs.push_back({line.substr(0, tab), number});
    }
    if (cost_of(costs, "null").value_or(0) == 0)
        return failure("the cost benchmark did not measure a null system call");
    return costs;
}

std::optional<double> ratio_to_null(const std::vector<WayCost> &costs, const std::string &way)
{
    const auto cost = cost_of(costs, way);
    const auto null = cost_of(costs, "null");
    if (!cost || null.value_or(0) == 0)
        return {};
    return static_cast<double>(*cost) / static_cast<double>(*null);
}

std::string cost_table(const std::vector<WayCost> &costs, const std::string &unit)
{
    Table table({{"one reading of one CPU"}, {unit, Align::right}, {"x null", Align::right}});
    for (const WayCost &cost : costs) {
        const auto ratio = ratio_to_null(costs, cost.way);
        const auto found = explanations.find(cost.way);
        table.add({found == explanations.end() ? cost.way : found->second,
                   cost.cost ? with_thousands(*cost.cost) : "unsupported", ratio ? fmt::format("{:.2f}", *ratio) : ""});
    }
    return table.text();
}

std::vector<PartCost> parse_part_costs(const std::string &text)
{
    std::vector<PartCost> parts;
    for (const std::string &entry : split(text, ';')) {
        const auto fields = split(entry, ',');
        if (fields.size() != 3 || fields[0].empty())
            continue;
        const auto cpu = seconds_in(fields[1]);
        const auto wall = seconds_in(fields[2]);
        if (cpu && wall)
            parts.push_back({fields[0], *cpu, *wall});
    }
    return parts;
}

std::string part_cost_table(const std::vector<PartCost> &parts, double wall_seconds)
{
    Table table({{"part"}, {"CPU s", Align::right}, {"wall s", Align::right}});
    double cpu_seconds = 0;
    for (const PartCost &part : parts) {
        table.add({part.part, shown(part.cpu_seconds), shown(part.wall_seconds)});
        cpu_seconds += part.cpu_seconds;
    }
    table.add({"all", shown(cpu_seconds), shown(wall_seconds)});
    return table.text();
}

} // namespace krun
