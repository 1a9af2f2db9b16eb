// SPDX-License-Identifier: MIT
// A guest for a selftest, by the kernel's configuration.
#pragma once

#include <string>

#include "cases/case.hpp"

namespace krun
{

// A selftest of the case's line, which the case programs-LINE has built. A kernel that looks for its own mistakes needs
// more memory and time than another.
MachineRequest guest_of_selftest(const Case &one, const std::filesystem::path &kernel, const std::string &config,
                                 const std::string &name);

} // namespace krun
