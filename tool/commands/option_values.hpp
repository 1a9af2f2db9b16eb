// SPDX-License-Identifier: MIT
// Values of options that several commands have.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace krun
{

// CLI11 takes "" for a value, as "$CPU" is when the variable has not been set.
CLI::Validator not_empty();

// "0,2-3", ascending and each once. UserError if it is not a CPU list, or an empty one.
std::vector<int> cpu_list_value(const std::string &option, const std::string &text);

} // namespace krun
