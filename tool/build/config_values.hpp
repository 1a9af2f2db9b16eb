// SPDX-License-Identifier: MIT
// A kernel configuration, or a fragment of one, as values by symbol.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace krun
{

// Symbols without their CONFIG_ prefix. "# CONFIG_X is not set" gives "n", as a symbol that is not there has.
using ConfigValues = std::map<std::string, std::string>;

ConfigValues parse_config(std::string_view text);
std::string value_of(const ConfigValues &values, const std::string &symbol);
// As in a configuration file.
std::string config_line(const std::string &symbol, const std::string &value);

} // namespace krun
