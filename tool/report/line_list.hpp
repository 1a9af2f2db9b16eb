// SPDX-License-Identifier: MIT
// What `krunctl lines` shows of each kernel line.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace krun
{

struct LineSummary {
    std::string line;
    std::string newest;      // version in the archive; empty: not known
    std::string tested;      // upstream version that the project has tested
    std::string proven;      // version that was last proven on this machine; empty: none
    std::string proven_date; // "2026-07-30"
    unsigned hooks = 0;      // changed lines
    std::string source;      // package
    std::string state;
    bool untried = false; // the newest is newer than what was tested and what was proven
};

std::string line_list_table(const std::vector<LineSummary> &lines);
nlohmann::ordered_json line_list_json(const std::vector<LineSummary> &lines);

} // namespace krun
