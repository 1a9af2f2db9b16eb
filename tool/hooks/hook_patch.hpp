// SPDX-License-Identifier: MIT
// A parsed hook: its description, the files that it changes, and their hunks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "util/env.hpp"
#include "util/result.hpp"

namespace krun
{

struct Hunk {
    std::size_t number = 0;         // in its file, from 1
    std::size_t old_line = 0;       // where it begins in the file that it was made for
    std::string section;            // what follows the second @@: often the function, often nothing
    std::vector<std::string> lines; // each with its first character, ' ', '-', '+' or '\'
    std::string text;               // as it stands in the patch, with the @@ line

    [[nodiscard]] std::size_t leading_context() const;  // lines before the first change
    [[nodiscard]] std::size_t trailing_context() const; // lines after the last
};

struct FilePatch {
    std::string path; // without the a/ or b/
    std::vector<Hunk> hunks;

    [[nodiscard]] std::string text() const; // headers and hunks
};

struct HookPatch {
    std::string name;        // of the file, "syscalls.patch"
    std::string description; // all lines before the first file, with the one that is only ---
    std::vector<FilePatch> files;
};

bool changes(const HookPatch &hook, const std::string &path);

// Hooks change files that are there: a patch that adds or removes one is an Error (what is new belongs into krun/).
Result<HookPatch> parse_hook(const std::string &name, const std::string &text);

// A quilt-style folder of `series` and patches, and what patch(1) says of one.

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
