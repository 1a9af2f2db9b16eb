// SPDX-License-Identifier: MIT
#include "report/line_status.hpp"

#include <algorithm>

#include "report/table.hpp"

namespace krun
{

namespace
{

std::string word(Outcome outcome)
{
    switch (outcome) {
    case Outcome::ok:
        return "ok";
    case Outcome::failed:
        return "FAIL";
    case Outcome::not_reached:
        break;
    }
    return "-";
}

} // namespace

const std::array<LineStage, 6> &line_stages()
{
    static constexpr std::array<LineStage, 6> stages = {{{"apply", &LineStatus::apply},
                                                         {"configure", &LineStatus::configure},
                                                         {"build", &LineStatus::build},
                                                         {"boot", &LineStatus::boot},
                                                         {"selftests", &LineStatus::selftests},
                                                         {"tickless", &LineStatus::tickless}}};
    return stages;
}

bool all_ok(const LineStatus &status)
{
    const auto &stages = line_stages();
    return std::all_of(stages.begin(), stages.end(),
                       [&](const LineStage &stage) { return status.*stage.outcome == Outcome::ok; });
}

std::string line_status_table(const std::vector<LineStatus> &lines)
{
    std::vector<Table::Column> columns = {{"LINE"}, {"VERSION"}};
    for (const LineStage &stage : line_stages())
        columns.push_back({stage.name});
    Table table(columns);
    for (const LineStatus &status : lines) {
        std::vector<std::string> cells = {status.line, status.version.empty() ? "-" : status.version};
        for (const LineStage &stage : line_stages())
            cells.push_back(word(status.*stage.outcome));
        if (!status.rate.empty())
            cells.back() += " (" + status.rate + "/s)"; // tickless is the last
        table.add(std::move(cells));
    }
    return table.text();
}

nlohmann::ordered_json line_status_json(const std::vector<LineStatus> &lines)
{
    auto array = nlohmann::ordered_json::array();
    for (const LineStatus &status : lines) {
        nlohmann::ordered_json row = {{"line", status.line}, {"version", status.version}};
        for (const LineStage &stage : line_stages())
            row[stage.name] = word(status.*stage.outcome);
        row["tickless_rate"] = status.rate;
        array.push_back(std::move(row));
    }
    return array;
}

} // namespace krun
