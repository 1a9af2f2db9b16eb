// SPDX-License-Identifier: MIT
// Configurations that others made, as a base for ours: Debian's, the running kernel's, a file.
#pragma once

#include <filesystem>
#include <string>

#include "source/apt_archive.hpp"
#include "source/kernel_line.hpp"
#include "util/env.hpp"

namespace krun
{

// vm, disk, debug, kcsan, debian, running: everything else is the name of a file.
bool is_named_config(const std::string &config);
// vm, disk, debug, kcsan: made only of the kernel's own tinyconfig and our fragments.
bool is_tiny_config(const std::string &config);

// The kernel's type information, which the program `pahole` makes.
bool asks_for_btf(const std::string &text);

Result<std::string> debian_config(const Env &env, AptArchive &archive, const KernelLine &line);
Result<std::string> running_config(const Env &env);

} // namespace krun
