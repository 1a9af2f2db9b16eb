// SPDX-License-Identifier: MIT
#include "host/energy.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <linux/perf_event.h>
#include <optional>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/cpu_sets.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *pmu = "/sys/bus/event_source/devices/power/";
constexpr std::string_view energy_prefix = "energy-";

std::string text_of(Filesystem &files, const std::filesystem::path &path)
{
    return trim(files.read(path).value_or(""));
}

// "event=0x02", as in perf's command line; nothing if the event has more terms, which nobody here knows.
std::optional<std::uint64_t> event_code(const std::string &text)
{
    constexpr std::string_view term = "event=";
    if (!text.starts_with(term) || text.size() == term.size())
        return {};
    char *end = nullptr;
    const auto code = std::strtoull(text.c_str() + term.size(), &end, 0);
    return *end == '\0' ? std::optional<std::uint64_t>(code) : std::nullopt;
}

} // namespace

std::vector<EnergyEvent> find_energy_events(Filesystem &files)
{
    const std::filesystem::path folder = pmu;
    std::vector<EnergyEvent> events;
    const auto names = files.list(folder / "events");
    const auto cpus = cpu_list_in(files, folder / "cpumask");
    const auto type = std::strtoul(text_of(files, folder / "type").c_str(), nullptr, 10);
    if (!names || cpus.empty() || type == 0)
        return events;
    for (const auto &name : *names) {
        if (!name.starts_with(energy_prefix) || name.find('.') != std::string::npos)
            continue;
        const auto code = event_code(text_of(files, folder / "events" / name));
        const auto scale = std::strtod(text_of(files, folder / "events" / (name + ".scale")).c_str(), nullptr);
        if (!code || !(scale > 0) || text_of(files, folder / "events" / (name + ".unit")) != "Joules")
            continue;
        events.push_back({name.substr(energy_prefix.size()), static_cast<std::uint32_t>(type), *code, scale, cpus});
    }
    return events;
}

Energy::Energy(const std::vector<EnergyEvent> &events)
{
    for (const auto &event : events) {
        for (const int cpu : event.cpus) {
            perf_event_attr attributes{};
            attributes.size = sizeof(attributes);
            attributes.type = event.type;
            attributes.config = event.config;
            OwnedDescriptor fd(
                static_cast<int>(syscall(SYS_perf_event_open, &attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC)));
            if (fd.is_open())
                open_.push_back({event.domain, cpu, event.joules_per_count, std::move(fd)});
            else if (error_ != EACCES && error_ != EPERM) // which can be helped, and so is said
                error_ = errno;
        }
    }
}

std::vector<EnergyReading> Energy::read() const
{
    std::vector<EnergyReading> readings;
    for (const auto &one : open_) {
        std::uint64_t count = 0;
        if (::read(one.fd.get(), &count, sizeof(count)) == sizeof(count))
            readings.push_back({one.domain, one.cpu, static_cast<double>(count) * one.joules_per_count});
    }
    return readings;
}

void add_energy(std::vector<EnergyReading> &sum, const std::vector<EnergyReading> &before,
                const std::vector<EnergyReading> &after)
{
    const auto find = [](auto &readings, const EnergyReading &like) {
        return std::ranges::find_if(readings,
                                    [&](const auto &one) { return one.domain == like.domain && one.cpu == like.cpu; });
    };
    for (const auto &end : after) {
        const auto start = find(before, end);
        if (start == before.end())
            continue;
        const auto known = find(sum, end);
        if (known == sum.end())
            sum.push_back({end.domain, end.cpu, end.joules - start->joules});
        else
            known->joules += end.joules - start->joules;
    }
}

} // namespace krun
