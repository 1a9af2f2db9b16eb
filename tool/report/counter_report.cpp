// SPDX-License-Identifier: MIT
#include "report/counter_report.hpp"

#include <fmt/format.h>

#include "report/table.hpp"

namespace krun
{

namespace
{

std::string cell(const std::vector<std::uint64_t> &counter, const std::vector<std::uint64_t> *previous, std::size_t cpu)
{
    const std::string count = with_thousands(counter[cpu]);
    if (previous == nullptr || cpu >= previous->size())
        return count;
    const std::uint64_t before = (*previous)[cpu];
    if (counter[cpu] < before)
        return fmt::format("{} (-{})", count, with_thousands(before - counter[cpu]));
    return fmt::format("{} (+{})", count, with_thousands(counter[cpu] - before));
}

bool all_greater(const std::vector<std::uint64_t> &before, const std::vector<std::uint64_t> &after)
{
    if (before.size() != after.size() || before.empty())
        return false;
    for (std::size_t cpu = 0; cpu < before.size(); cpu++)
        if (after[cpu] <= before[cpu])
            return false;
    return true;
}

} // namespace

std::string counter_table(const CounterReading &reading, const CounterReading *previous)
{
    Table table({{"CPU", Align::right},
                 {"APERF", Align::right},
                 {"MPERF", Align::right},
                 {"core cycles", Align::right},
                 {"APERF/MPERF", Align::right}});
    for (std::size_t cpu = 0; cpu < reading.aperf.size(); cpu++) {
        const double ratio = reading.mperf[cpu] == 0
                                 ? 0.0
                                 : static_cast<double>(reading.aperf[cpu]) / static_cast<double>(reading.mperf[cpu]);
        table.add({fmt::format("{}", cpu), cell(reading.aperf, previous ? &previous->aperf : nullptr, cpu),
                   cell(reading.mperf, previous ? &previous->mperf : nullptr, cpu),
                   cell(reading.cycles, previous ? &previous->cycles : nullptr, cpu), fmt::format("{:.3f}", ratio)});
    }
    return table.text();
}

nlohmann::json counter_json(int number, const CounterReading &reading)
{
    return {{"reading", number}, {"aperf", reading.aperf}, {"mperf", reading.mperf}, {"cycles", reading.cycles}};
}

CounterReading counter_reading_from(const nlohmann::json &json)
{
    CounterReading reading;
    json.at("aperf").get_to(reading.aperf);
    json.at("mperf").get_to(reading.mperf);
    json.at("cycles").get_to(reading.cycles);
    return reading;
}

bool every_counter_advanced(const CounterReading &before, const CounterReading &after)
{
    return all_greater(before.aperf, after.aperf) && all_greater(before.mperf, after.mperf) &&
           all_greater(before.cycles, after.cycles);
}

} // namespace krun
