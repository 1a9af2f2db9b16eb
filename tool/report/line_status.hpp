// SPDX-License-Identifier: MIT
// How far a kernel line got in a test run: a row of the table at its end.
#pragma once

#include <array>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace krun
{

enum class Outcome { not_reached, ok, failed };

struct LineStatus {
    std::string line;
    std::string version; // of the source package; empty: not known
    Outcome apply = Outcome::not_reached;
    Outcome configure = Outcome::not_reached;
    Outcome build = Outcome::not_reached;
    Outcome boot = Outcome::not_reached;
    Outcome selftests = Outcome::not_reached;
    Outcome tickless = Outcome::not_reached;
    std::string rate; // interrupts and preemptions a second on a busy CPU, as measured; empty: not measured
};

struct LineStage {
    const char *name;
    Outcome LineStatus::*outcome;
};
const std::array<LineStage, 6> &line_stages(); // in the order in which a line goes through them

bool all_ok(const LineStatus &status);

std::string line_status_table(const std::vector<LineStatus> &lines);
nlohmann::ordered_json line_status_json(const std::vector<LineStatus> &lines);

} // namespace krun
