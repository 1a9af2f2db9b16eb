// SPDX-License-Identifier: MIT
// The version of this tool, as CMake knows it.
#pragma once

#include <string>

namespace krun
{

std::string tool_version();

} // namespace krun
