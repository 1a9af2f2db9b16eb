// SPDX-License-Identifier: MIT
// Kernel modules that a guest loads before its command runs.
#pragma once

#include <filesystem>
#include <vector>

#include "machine/virtual_machine.hpp"

namespace krun
{

// In this order; the command does not run if one of them cannot be loaded.
MachineRequest with_modules(MachineRequest guest, const std::vector<std::filesystem::path> &modules);

} // namespace krun
