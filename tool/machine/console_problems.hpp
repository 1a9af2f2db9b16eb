// SPDX-License-Identifier: MIT
// Finds a kernel's problem reports in the text of its console.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace krun
{

// Those lines, in order, without the trailing newline. Empty: no problem. For a stack trace that no such line
// announces, the line that it belongs to.
std::vector<std::string> console_problems(std::string_view console);
// The first line with "Kernel panic"; empty if there is none.
std::string panic_line(std::string_view console);

} // namespace krun
