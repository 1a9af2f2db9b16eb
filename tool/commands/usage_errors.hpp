// SPDX-License-Identifier: MIT
// Wrong usage as CLI11 finds it, in krunctl's words: what is wrong is named, with what was probably meant.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "util/result.hpp"

namespace krun
{

// `error` is what app.parse() has thrown. `also`: words that count as commands although `app` does not have them.
Error usage_error_of(const CLI::App &app, const CLI::ParseError &error, const std::vector<std::string> &also = {});

// An error as it is, with a hint at the help if it is wrong usage without a hint.
Error with_usage_hint(const CLI::App &app, Error error);

} // namespace krun
