// SPDX-License-Identifier: MIT
// A Debian machine with GRUB: how it begins, and the programs that it has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulation/disk.hpp"
#include "util/process.hpp"

namespace krun::simulation
{

// GRUB's settings, an empty environment block, these kernels, and the menu of them.
void set_up_debian(Disk &disk, const std::vector<std::string> &releases);
// A kernel as a Debian package brings it.
void add_kernel(Disk &disk, const std::string &release);

// What the command comes to; nothing for a program that is not simulated.
std::optional<ProcessResult> run_simulated(Disk &disk, const std::vector<std::string> &argv);
} // namespace krun::simulation
