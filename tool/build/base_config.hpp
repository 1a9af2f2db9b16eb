// SPDX-License-Identifier: MIT
// Configurations that others made, as a base for ours: Debian's, the running kernel's, a file.
#pragma once

#include <string>

#include "build/kernel_config.hpp"
#include "source/kernel_line.hpp"
#include "util/env.hpp"

namespace krun
{

// The kernel's type information, which the program `pahole` makes.
bool asks_for_btf(const std::string &text);

// The base without what only works in the tree, or with the programs, that it was made for. `personal`: a person wrote
// it, and wants what is in it.
std::string without_traps(const std::string &base_text, bool personal, bool has_pahole);

// Where the running kernel has left it.
Result<std::string> running_config(const Env &env);

// Completes base_text of a configuration that is not tiny.
Result<void> fetch_base_config(const Env &env, const KernelLine &line, const std::string &config, ConfigPlan &plan);

} // namespace krun
