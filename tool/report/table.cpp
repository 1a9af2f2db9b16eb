// SPDX-License-Identifier: MIT
#include "report/table.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace krun
{

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::add(std::vector<std::string> cells)
{
    cells.resize(columns_.size());
    rows_.push_back(std::move(cells));
}

std::string Table::text() const
{
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); i++) {
        std::size_t width = columns_[i].heading.size();
        for (const auto &row : rows_)
            width = std::max(width, row[i].size());
        widths.push_back(width);
    }
    std::string text;
    auto append_row = [&](const auto &cell) {
        std::string line;
        for (std::size_t i = 0; i < columns_.size(); i++)
            line += columns_[i].align == Align::right ? fmt::format("{}{:>{}}", i == 0 ? "" : "  ", cell(i), widths[i])
                                                      : fmt::format("{}{:<{}}", i == 0 ? "" : "  ", cell(i), widths[i]);
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    };
    append_row([&](std::size_t i) { return columns_[i].heading; });
    for (const auto &row : rows_)
        append_row([&](std::size_t i) { return row[i]; });
    return text;
}

std::string with_thousands(unsigned long long number)
{
    std::string digits = fmt::format("{}", number);
    for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
        digits.insert(static_cast<std::size_t>(at), ",");
    return digits;
}

} // namespace krun
