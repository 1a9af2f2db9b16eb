// SPDX-License-Identifier: MIT

#include "report/table.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <tuple>

#include "host/cpu_activity.hpp"

namespace krun
{

Table::Table(std::vector<Column> columns) : columns_(std::move(columns))
{
    auto &headings = rows_.emplace_back();
    for (const Column &column : columns_)
        headings.push_back(column.heading);
}

void Table::add(std::vector<std::string> cells)
{
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text() const
{
    std::vector<std::size_t> widths(columns_.size());
    for (const auto &row : rows_)
        for (std::size_t i = 0; i < row.size(); i++)
            widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (const auto &row : rows_) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); i++)
            line +=
                (i == 0 ? "" : "  ") + (columns_[i].align == Align::right ? fmt::format("{:>{}}", row[i], widths[i])
                                                                          : fmt::format("{:<{}}", row[i], widths[i]));
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string with_thousands(unsigned long long number)
{
    std::string digits = fmt::format("{}", number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

namespace
{

constexpr const char *not_counted = "-";

// The counter and the time are not read at the same instant, which may give a little more than there is.
std::optional<double> busy_share(const krunc_delta &delta)
{
    return (delta.derived & KRUNC_D_BUSY) != 0 ? std::optional(std::min(delta.busy, 1.0)) : std::nullopt;
}

// Where nothing else is counted, interrupts say who is busy. An absent member is 0.
auto rank(const CpuRow &row)
{
    const krunc_delta &delta = *row.delta;
    return std::make_tuple(row.always, busy_share(delta).value_or(0), delta.cycles, interrupts_of(delta));
}

} // namespace

std::vector<std::size_t> rows_to_show(const std::vector<CpuRow> &rows, std::size_t most)
{
    std::vector<std::size_t> shown(rows.size());
    std::iota(shown.begin(), shown.end(), 0);
    if (rows.size() <= most)
        return shown;
    std::stable_sort(shown.begin(), shown.end(),
                     [&](std::size_t a, std::size_t b) { return rank(rows[a]) > rank(rows[b]); });
    shown.resize(most);
    std::sort(shown.begin(), shown.end());
    return shown;
}

std::string hidden_rows(const std::vector<CpuRow> &rows, const std::vector<std::size_t> &shown)
{
    const std::size_t hidden = rows.size() - shown.size();
    if (hidden == 0)
        return {};
    std::optional<double> busiest;
    for (std::size_t index = 0; index < rows.size(); index++) {
        const auto busy = busy_share(*rows[index].delta);
        if (busy && !std::binary_search(shown.begin(), shown.end(), index))
            busiest = std::max(busiest.value_or(0), *busy);
    }
    return fmt::format("{} CPU{} not shown{}", hidden, hidden == 1 ? "" : "s",
                       busiest ? fmt::format(", at most {:.1f} % busy", *busiest * 100) : "");
}

std::string busy_cell(const krunc_delta &delta)
{
    const auto busy = busy_share(delta);
    return busy ? fmt::format("{:.1f} %", *busy * 100) : not_counted;
}

std::string mhz_cell(const krunc_delta &delta)
{
    return (delta.derived & KRUNC_D_FREQUENCY) != 0 ? fmt::format("{:.1f}", delta.frequency / 1e6) : not_counted;
}

std::string count_cell(const krunc_delta &delta, std::uint32_t counter, std::uint64_t count)
{
    return (delta.valid & counter) != 0 ? with_thousands(count) : not_counted;
}

} // namespace krun
