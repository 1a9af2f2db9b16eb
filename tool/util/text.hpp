// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace krun
{

std::vector<std::string> split(std::string_view text, char separator);
std::vector<std::string> lines_of(std::string_view text);
std::vector<std::string> words_of(std::string_view text); // split at white space, no empty words
std::string trim(std::string_view text);
std::string shell_quoted(std::string_view word); // as it is when it needs no quotes
std::string last_lines(std::string_view text, std::size_t count);

} // namespace krun
