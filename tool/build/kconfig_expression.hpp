// SPDX-License-Identifier: MIT
// Kconfig's expressions ("A && (B || !C) && D = 4"), as far as telling which part of a dependency is not met.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "build/config_values.hpp"

namespace krun
{

enum class Tristate { no = 0, module = 1, yes = 2 };

Tristate evaluate(std::string_view expression, const ConfigValues &values);

// The operands of the expression's outermost &&, nested ones included: "A && (B && !C)" gives A, B, !C.
std::vector<std::string> conjuncts(std::string_view expression);

// True when the expression is a single symbol.
bool is_symbol(std::string_view expression);

} // namespace krun
