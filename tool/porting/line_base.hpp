// SPDX-License-Identifier: MIT
// The files that a line's hooks were made for, as Debian has them: what a three-way merge starts from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hooks/hook_patch.hpp"
#include "hooks/known_hooks.hpp"
#include "hooks/workbench.hpp"
#include "porting/port_hooks.hpp"
#include "source/kernel_line.hpp"
#include "util/env.hpp"

namespace krun
{

struct LineBase {
    SourceFiles files;
    std::string version; // of the Debian package, "6.12.117-1"
};

// Those that `hooks` touch, from the line's tree in the cache, which is made when it is not there: that takes a
// download. What is in that tree of `known` is taken out of the copies.
Result<LineBase> fetch_line_base(const Env &env, Workbench &bench, const KernelLine &line,
                                 const std::vector<HookPatch> &hooks, const std::vector<Hook> &known,
                                 const std::filesystem::path &data);

} // namespace krun
