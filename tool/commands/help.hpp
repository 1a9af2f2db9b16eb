// SPDX-License-Identifier: MIT
// What the tool says of its options: help, and errors of usage with the nearest word.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

// The one style of all --help: a line of purpose, usage, arguments and options, and where the exit status is explained.

// For CLI::App::formatter(), before the commands are added: they inherit it, and the text of --help.
void use_help_style(CLI::App &app);

// Wrong usage as CLI11 finds it, in krunctl's words: what is wrong is named, with what was probably meant.

// `error` is what app.parse() has thrown. `also`: words that count as commands although `app` does not have them.
Error usage_error_of(const CLI::App &app, const CLI::ParseError &error, const std::vector<std::string> &also = {});

// An error as it is, with a hint at the help if it is wrong usage without a hint.
Error with_usage_hint(const CLI::App &app, Error error);

} // namespace krun
