// SPDX-License-Identifier: MIT
// Guests for programs that print TAP, by the kernel's configuration.
#pragma once

#include <string>
#include <vector>

#include "cases/case.hpp"

namespace krun
{

// A selftest of the case's line, which the case programs-LINE has built. A kernel that looks for its own mistakes needs
// more memory and time than another.
MachineRequest guest_of_selftest(const Case &one, const std::filesystem::path &kernel, const std::string &config,
                                 const std::string &name);

// The programs of tests/kernel/version1, compiled here.
inline const std::vector<std::string> version1_programs = {"version1_64", "version1_32"};
Result<std::filesystem::path> build_version1(const Case &one); // the folder they are in
MachineRequest guest_of_version1(const std::filesystem::path &kernel, const std::filesystem::path &program);

} // namespace krun
