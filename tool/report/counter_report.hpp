// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "host/host.hpp"

namespace krun
{

// One line per CPU: the counts since the reset and, given a previous reading, how much each advanced.
std::string counter_table(const CounterReading &reading, const CounterReading *previous);
nlohmann::json counter_json(int number, const CounterReading &reading);
CounterReading counter_reading_from(const nlohmann::json &json); // throws nlohmann::json::exception

// Whether every counter of every CPU is greater in `after`.
bool every_counter_advanced(const CounterReading &before, const CounterReading &after);

} // namespace krun
