// SPDX-License-Identifier: MIT
// A table of text for people: columns as wide as their widest cell, numbers to the right.
#pragma once

#include <krun/counters.h>
#include <optional>
#include <string>
#include <vector>

namespace krun
{

enum class Align { left, right };

class Table
{
  public:
    struct Column {
        std::string heading;
        Align align = Align::left;
    };

    explicit Table(std::vector<Column> columns);
    void add(std::vector<std::string> cells); // as many as there are columns
    [[nodiscard]] std::string text() const;   // lines with their newlines, without trailing blanks

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_; // the headings first
};

std::string with_thousands(unsigned long long number); // 1234567 -> "1,234,567"

// Tables with a row for each CPU, where there may be more CPUs than there is room for; and their cells.

struct CpuRow {
    const krunc_delta *delta = nullptr;
    bool always = false; // shown before any other
};

// Indices into `rows`, ascending: those that are always shown, and the busiest of the others, `most` in all.
std::vector<std::size_t> rows_to_show(const std::vector<CpuRow> &rows, std::size_t most);

// "12 CPUs not shown, at most 3.1 % busy"; empty if all are.
std::string hidden_rows(const std::vector<CpuRow> &rows, const std::vector<std::size_t> &shown);

// "-" for what was not counted.
std::string busy_cell(const krunc_delta &delta); // "12.3 %"
std::string mhz_cell(const krunc_delta &delta);
std::string count_cell(const krunc_delta &delta, std::uint32_t counter, std::uint64_t count); // "1,234"

} // namespace krun
