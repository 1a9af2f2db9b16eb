// SPDX-License-Identifier: MIT
// A table of text for people: columns as wide as their widest cell, numbers to the right.
#pragma once

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
    std::vector<std::vector<std::string>> rows_;
};

std::string with_thousands(unsigned long long number); // 1234567 -> "1,234,567"

} // namespace krun
