// SPDX-License-Identifier: MIT
// The programs that a build runs, each with its Debian package, so that a missing one is noticed at once.
#pragma once

#include <string>
#include <vector>

#include "build/config_values.hpp"
#include "util/process.hpp"

namespace krun
{

// What every kernel needs.
std::vector<NeededProgram> programs_of_compiling();
// What bindeb-pkg needs; debhelper by kernels from 6.2 on.
std::vector<NeededProgram> programs_of_packaging();
// What the configuration needs: compressors for the kernel and for its modules.
std::vector<NeededProgram> programs_of_config(const ConfigValues &values);

// The caller's PATH and the folders of administrators' programs, which others do not have on theirs (depmod).
std::string path_of_administrators();

} // namespace krun
