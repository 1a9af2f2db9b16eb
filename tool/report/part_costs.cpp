// SPDX-License-Identifier: MIT
// See part_costs.hpp.
#include "report/part_costs.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <optional>

#include "report/table.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

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
