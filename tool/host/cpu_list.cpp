// SPDX-License-Identifier: MIT
#include "host/cpu_list.hpp"

#include <charconv>

#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr int highest_cpu = 1 << 16;

std::optional<int> parse_cpu(std::string_view text)
{
    int cpu = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cpu);
    if (error != std::errc{} || end != text.data() + text.size() || cpu < 0 || cpu > highest_cpu)
        return {};
    return cpu;
}

} // namespace

std::optional<std::vector<int>> parse_cpu_list(std::string_view text)
{
    const std::string list = trim(text);
    std::vector<int> cpus;
    if (list.empty() || list == "(null)")
        return cpus;
    for (const std::string &range : split(list, ',')) {
        const std::size_t dash = range.find('-');
        const auto first = parse_cpu(std::string_view(range).substr(0, dash));
        const auto last = dash == std::string::npos ? first : parse_cpu(std::string_view(range).substr(dash + 1));
        if (!first || !last || *last < *first)
            return {};
        for (int cpu = *first; cpu <= *last; cpu++)
            cpus.push_back(cpu);
    }
    return cpus;
}

std::string format_cpu_list(const std::vector<int> &cpus)
{
    std::string text;
    for (std::size_t i = 0; i < cpus.size();) {
        std::size_t end = i;
        while (end + 1 < cpus.size() && cpus[end + 1] == cpus[end] + 1)
            end++;
        text += text.empty() ? "" : ",";
        text += end == i ? fmt::format("{}", cpus[i]) : fmt::format("{}-{}", cpus[i], cpus[end]);
        i = end + 1;
    }
    return text.empty() ? "none" : text;
}

} // namespace krun
