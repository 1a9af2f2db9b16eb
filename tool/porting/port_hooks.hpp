// SPDX-License-Identifier: MIT
// The hooks of one line, applied to the files of another kernel.
//
// Theory: a hunk's place is found by patch(1), which knows only the lines around it, and failing that by a three-way
// merge, which knows the whole file as it was when the hook was made for it. Patches are made anew from what came
// out, so that they fit the new kernel without any searching. A hunk is taken whole or not at all.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hooks/hook_patch.hpp"
#include "hooks/workbench.hpp"
#include "porting/port_report.hpp"
#include "util/env.hpp"

namespace krun
{

// The files that the hooks touch, as text, by their path in the tree. One that the tree lacks is not in it.
using SourceFiles = std::map<std::string, std::string>;

struct PortInput {
    std::filesystem::path tree;
    std::vector<HookPatch> hooks; // in the order of the series
    SourceFiles base;             // as they were before the hooks, in the line's own kernel; empty: no merges
    MergeLabels labels;
};

SourceFiles read_touched_files(Filesystem &files, const std::filesystem::path &tree,
                               const std::vector<HookPatch> &hooks);

// An Error comes from the programs or the disk; a hunk without a place is not an Error.
Result<std::vector<HookReport>> port_hooks(const Env &env, Workbench &bench, const PortInput &input);

} // namespace krun
