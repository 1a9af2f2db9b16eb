// SPDX-License-Identifier: MIT
#include "report/line_list.hpp"

#include <fmt/format.h>

#include "report/table.hpp"

namespace krun
{

namespace
{

// What is not known is null to a program.
nlohmann::ordered_json text_or_null(const std::string &text)
{
    return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

} // namespace

std::string line_list_table(const std::vector<LineSummary> &lines)
{
    Table table({{"LINE"}, {"NEWEST"}, {"TESTED"}, {"PROVEN"}, {"HOOKS", Align::right}, {"SOURCE"}, {"STATE"}});
    bool any_untried = false;
    for (const LineSummary &line : lines) {
        any_untried = any_untried || line.untried;
        const bool named = line.source.empty(); // there is nothing to fetch
        const std::string newest = named ? "-" : line.newest.empty() ? "unknown" : line.newest;
        table.add({line.line, newest + (line.untried ? " *" : ""), line.tested.empty() ? "-" : line.tested,
                   line.proven.empty() ? "-" : line.proven, fmt::format("{}", line.hooks),
                   named ? "--source" : line.source, line.state});
    }
    std::string text = table.text();
    if (any_untried)
        text += "* neither tested nor proven yet; `./krun test --line LINE` tries it\n";
    return text;
}

nlohmann::ordered_json line_list_json(const std::vector<LineSummary> &lines)
{
    auto array = nlohmann::ordered_json::array();
    for (const LineSummary &line : lines)
        array.push_back({{"line", line.line},
                         {"newest", text_or_null(line.newest)},
                         {"untried", line.untried},
                         {"tested", text_or_null(line.tested)},
                         {"proven", text_or_null(line.proven)},
                         {"proven_date", text_or_null(line.proven_date)},
                         {"hooks", line.hooks},
                         {"source", text_or_null(line.source)},
                         {"state", line.state}});
    return array;
}

} // namespace krun
