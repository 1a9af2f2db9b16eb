// SPDX-License-Identifier: MIT
// The hooks: the few lines patched into existing kernel files, as a quilt-style folder of `series` and patches.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// The patches named in `series`, in its order. A folder without a series is an Error.
Result<std::vector<std::filesystem::path>> read_series(Filesystem &files, const std::filesystem::path &hooks);

Command patch_command(const std::filesystem::path &tree, const std::filesystem::path &patch, bool dry_run);
// All that apply_hooks() runs.
std::vector<Command> hook_commands(const std::vector<std::filesystem::path> &patches,
                                   const std::filesystem::path &tree);

// What a person calls the tree that is patched, which is a copy of it.
struct HookedSource {
    std::string name;             // "linux-7.4.tar.xz"; empty: only the file is named
    std::filesystem::path folder; // their own tree, when it is one
};

// Applies all of them. On an Error, which names patch, hunk, file and about which line of it, the tree is worth
// nothing: the caller works on a copy that it throws away.
Result<void> apply_hooks(ProcessRunner &runner, Filesystem &files, const std::filesystem::path &hooks,
                         const std::filesystem::path &tree, const HookedSource &source = {});

} // namespace krun
