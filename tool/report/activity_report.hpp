// SPDX-License-Identifier: MIT
// What CPUs did, as a table that fits its terminal, and as JSON.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/cpu_activity.hpp"
#include "util/terminal.hpp"

namespace krun
{

// A line about the reading, and one for each CPU. Where there is no room for all CPUs, the busiest are shown, in their
// order, and a last line says how many are not; the least important columns go first. Missing values are "-".
std::string activity_table(const ActivityReading &reading, const Room &room);

std::string decrease_text(const CounterDecrease &decrease); // "CPU 3: aperf went back from 7 to 5"

// One object, in the names of delta_json.hpp.
nlohmann::json activity_json(const ActivityReading &reading);
ActivityReading activity_from(const nlohmann::json &json); // what a table shows; throws nlohmann::json::exception

// Whether APERF, MPERF and core cycles of every CPU have increased; not if there is no CPU.
bool every_counter_advanced(const ActivityReading &reading);

} // namespace krun
