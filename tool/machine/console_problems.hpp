// SPDX-License-Identifier: MIT
// Finds what a kernel says about itself when something is wrong in it, in the text of its console.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace krun
{

// The telling lines, in their order, without the trailing newline. Empty: the kernel is well.
std::vector<std::string> console_problems(std::string_view console);
// The first line that says "Kernel panic"; empty when there is none.
std::string panic_line(std::string_view console);

} // namespace krun
