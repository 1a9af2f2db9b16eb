// SPDX-License-Identifier: MIT
// The one style of all --help: a line of purpose, usage, arguments and options, and where the exit status is explained.
#pragma once

#include <memory>

#include <CLI/CLI.hpp>

namespace krun
{

inline constexpr std::size_t help_width = 79;

// For CLI::App::formatter(), before the commands are added: they inherit it, and the text of --help.
void use_help_style(CLI::App &app);

} // namespace krun
