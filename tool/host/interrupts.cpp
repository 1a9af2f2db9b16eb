// SPDX-License-Identifier: MIT
#include "host/interrupts.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "util/text.hpp"

namespace krun
{

namespace
{

std::optional<std::uint64_t> number_in(const std::string &word)
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size())
        return {};
    return number;
}

// With as many counts as there are CPUs; nothing for a row that has fewer.
std::optional<InterruptRow> row_in(const std::string &line, std::size_t cpus, std::size_t column)
{
    const auto words = words_of(line);
    if (words.size() < cpus + 1 || !words.front().ends_with(':'))
        return {};
    for (std::size_t at = 1; at <= cpus; ++at)
        if (!number_in(words[at]))
            return {};
    return InterruptRow{
        words.front().substr(0, words.front().size() - 1),
        fmt::format("{}", fmt::join(words.begin() + static_cast<std::ptrdiff_t>(cpus) + 1, words.end(), " ")),
        *number_in(words[column + 1])};
}

} // namespace

std::vector<InterruptRow> interrupt_rows(std::string_view text, int cpu)
{
    const auto lines = lines_of(text);
    if (lines.empty())
        return {};
    const auto heading = words_of(lines.front());
    const auto column = std::find(heading.begin(), heading.end(), fmt::format("CPU{}", cpu));
    if (column == heading.end())
        return {};
    std::vector<InterruptRow> rows;
    for (auto line = lines.begin() + 1; line != lines.end(); ++line)
        if (auto row = row_in(*line, heading.size(), static_cast<std::size_t>(column - heading.begin())))
            rows.push_back(std::move(*row));
    return rows;
}

std::vector<InterruptRow> grown_rows(const std::vector<InterruptRow> &before, const std::vector<InterruptRow> &after)
{
    std::vector<InterruptRow> grown;
    for (const auto &row : after) {
        const auto earlier =
            std::find_if(before.begin(), before.end(), [&](const auto &one) { return one.name == row.name; });
        const auto begin = earlier == before.end() ? 0 : earlier->count;
        if (row.count > begin)
            grown.push_back({row.name, row.what, row.count - begin});
    }
    return grown;
}

void add_rows(std::vector<InterruptRow> &rows, const std::vector<InterruptRow> &more)
{
    for (const auto &row : more) {
        const auto same = std::find_if(rows.begin(), rows.end(), [&](const auto &one) { return one.name == row.name; });
        if (same == rows.end())
            rows.push_back(row);
        else
            same->count += row.count;
    }
}

} // namespace krun
