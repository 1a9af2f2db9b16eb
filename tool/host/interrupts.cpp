// SPDX-License-Identifier: MIT
#include "host/interrupts.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "util/text.hpp"

namespace krun
{

std::optional<std::uint64_t> interrupt_count(std::string_view proc_interrupts, std::string_view line, int cpu)
{
    const std::vector<std::string> lines = lines_of(proc_interrupts);
    if (lines.empty())
        return {};
    const std::vector<std::string> heading = words_of(lines.front());
    const auto column = std::find(heading.begin(), heading.end(), fmt::format("CPU{}", cpu));
    if (column == heading.end())
        return {};
    const auto index = static_cast<std::size_t>(column - heading.begin());
    for (const std::string &text : lines) {
        const std::vector<std::string> words = words_of(text);
        if (words.size() < index + 2 || words.front() != fmt::format("{}:", line))
            continue;
        const std::string &word = words[index + 1];
        std::uint64_t count = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
        if (error != std::errc{} || end != word.data() + word.size())
            return {};
        return count;
    }
    return {};
}

} // namespace krun
