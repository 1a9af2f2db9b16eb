// SPDX-License-Identifier: MIT
// A quilt-style folder of `series` and patches, and what patch(1) says of one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

// The patches named in `series`, in its order. A folder without a series is an Error.
Result<std::vector<std::filesystem::path>> read_series(Filesystem &files, const std::filesystem::path &hooks);

Command patch_command(const std::filesystem::path &tree, const std::filesystem::path &patch, bool dry_run);

// With patch(1). What its Error says begins with `name`, as in "the patch 0001-pmu.patch", and names hunk, file and
// about which line of it. The tree is worth nothing then: the caller works on a copy that it throws away.
Result<void> apply_patch(ProcessRunner &runner, const std::filesystem::path &tree, const std::filesystem::path &patch,
                         const std::string &name, bool dry_run = false);
// All that the folder's series names. Each is tried before it is applied.
Result<void> apply_series(const Env &env, const std::filesystem::path &folder, const std::filesystem::path &tree);

} // namespace krun
