// SPDX-License-Identifier: MIT
// What a dynamically linked program needs beside itself to run in the guest, where there is no C library.
#pragma once

#include <filesystem>
#include <vector>

#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// True for an ELF file that names a program interpreter (the dynamic loader).
bool needs_dynamic_loader(const std::filesystem::path &file);
// The loader and the libraries by the paths under which the program will look for them, as ldd(1) lists them.
Result<std::vector<std::filesystem::path>> dynamic_dependencies(ProcessRunner &runner,
                                                                const std::filesystem::path &program);

} // namespace krun
