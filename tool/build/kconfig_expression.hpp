// SPDX-License-Identifier: MIT
// Values of a .config, and expressions of Kconfig over them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace krun
{

// A kernel configuration, or a fragment of one, as values by symbol.

// Symbols without their CONFIG_ prefix. "# CONFIG_X is not set" gives "n", as a symbol that is not there has.
using ConfigValues = std::map<std::string, std::string>;

ConfigValues parse_config(std::string_view text);
std::string value_of(const ConfigValues &values, const std::string &symbol);
// As in a configuration file.
std::string config_line(const std::string &symbol, const std::string &value);

// Kconfig's expressions ("A && (B || !C) && D = 4"), as far as telling which part of a dependency is not met.

enum class Tristate { no = 0, module = 1, yes = 2 };

struct Evaluated {
    Tristate value = Tristate::no;
    // When that is no: which operands of the outermost && are, nested ones included. Of "A && (B && !C)", B and !C.
    std::vector<std::string> unmet;
};

Evaluated evaluate(std::string_view expression, const ConfigValues &values);

// True when the expression is a single symbol.
bool is_symbol(std::string_view expression);

} // namespace krun
