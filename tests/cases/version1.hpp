// SPDX-License-Identifier: MIT
// Programs that were compiled against version 1 of /dev/krun, for 64 and 32 bits.
#pragma once

#include <string>
#include <vector>

#include "cases/case.hpp"

namespace krun
{

// The programs of tests/kernel/version1, compiled here.
inline const std::vector<std::string> version1_programs = {"version1_64", "version1_32"};
Result<std::filesystem::path> build_version1(const Case &one); // the folder they are in
MachineRequest guest_of_version1(const std::filesystem::path &kernel, const std::filesystem::path &program);

} // namespace krun
