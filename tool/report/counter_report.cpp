// SPDX-License-Identifier: MIT
#include "report/counter_report.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>

#include "report/table.hpp"

namespace krun
{

namespace
{

using Counts = std::uint64_t CpuReading::*;

std::string cell(const CpuReading &now, const CpuReading *before, Counts counter)
{
    const std::string count = with_thousands(now.*counter);
    if (before == nullptr)
        return count;
    if (now.*counter < before->*counter)
        return fmt::format("{} (-{})", count, with_thousands(before->*counter - now.*counter));
    return fmt::format("{} (+{})", count, with_thousands(now.*counter - before->*counter));
}

// In place of the counts of a CPU that has none.
const char *why_not(int error)
{
    switch (error) {
    case ENXIO:
        return "offline";
    case EBUSY:
        return "no counter left";
    case EOPNOTSUPP:
        return "no such counter";
    default:
        return "not reached"; // by the system calls, behind one that is offline
    }
}

const CpuReading *counts_of(const CounterReading *reading, int cpu)
{
    if (reading == nullptr)
        return nullptr;
    const auto found = reading->find(cpu);
    return found == reading->end() || found->second.error != 0 ? nullptr : &found->second;
}

// A list whose entry i is CPU i's; null for a CPU without counts.
nlohmann::json list_of(const CounterReading &reading, Counts counter)
{
    nlohmann::json list = nlohmann::json::array();
    for (const auto &[cpu, now] : reading) {
        while (list.size() < static_cast<std::size_t>(cpu))
            list.push_back(nullptr);
        list.push_back(now.error == 0 ? nlohmann::json(now.*counter) : nlohmann::json(nullptr));
    }
    return list;
}

} // namespace

std::string counter_table(const CounterReading &reading, const CounterReading *previous)
{
    Table table({{"CPU", Align::right},
                 {"APERF", Align::right},
                 {"MPERF", Align::right},
                 {"core cycles", Align::right},
                 {"APERF/MPERF", Align::right}});
    for (const auto &[cpu, now] : reading) {
        if (now.error != 0) {
            table.add({fmt::format("{}", cpu), why_not(now.error), "", "", ""});
            continue;
        }
        const CpuReading *before = counts_of(previous, cpu);
        const double ratio = now.mperf == 0 ? 0.0 : static_cast<double>(now.aperf) / static_cast<double>(now.mperf);
        table.add({fmt::format("{}", cpu), cell(now, before, &CpuReading::aperf), cell(now, before, &CpuReading::mperf),
                   cell(now, before, &CpuReading::cycles), fmt::format("{:.3f}", ratio)});
    }
    return table.text();
}

nlohmann::json counter_json(int number, const CounterReading &reading)
{
    nlohmann::json unread = nlohmann::json::object();
    for (const auto &[cpu, now] : reading)
        if (now.error != 0)
            unread[fmt::format("{}", cpu)] = why_not(now.error);
    return {{"reading", number},
            {"aperf", list_of(reading, &CpuReading::aperf)},
            {"mperf", list_of(reading, &CpuReading::mperf)},
            {"cycles", list_of(reading, &CpuReading::cycles)},
            {"unread", std::move(unread)}};
}

CounterReading counter_reading_from(const nlohmann::json &json)
{
    CounterReading reading;
    const auto &aperf = json.at("aperf");
    const auto &mperf = json.at("mperf");
    const auto &cycles = json.at("cycles");
    for (std::size_t cpu = 0; cpu < aperf.size(); cpu++)
        if (!aperf.at(cpu).is_null())
            reading[static_cast<int>(cpu)] = {aperf.at(cpu), mperf.at(cpu), cycles.at(cpu), 0};
    return reading;
}

bool every_counter_advanced(const CounterReading &before, const CounterReading &after)
{
    if (before.size() != after.size() || before.empty())
        return false;
    return std::all_of(after.begin(), after.end(), [&](const auto &entry) {
        const auto &[cpu, now] = entry;
        const CpuReading *then = counts_of(&before, cpu);
        return then != nullptr && now.error == 0 && now.aperf > then->aperf && now.mperf > then->mperf &&
               now.cycles > then->cycles;
    });
}

} // namespace krun
