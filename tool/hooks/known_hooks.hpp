// SPDX-License-Identifier: MIT
// The hooks that there are: kernel/hooks/hooks.toml, and the variants of each in the folder of its name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hooks/hook_patch.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// Something to look for in a file of a kernel.
struct FileTest {
    std::string file;             // below the tree
    std::vector<std::string> has; // these texts, one after the other, before a line that begins with `}`
};

// One way to do what a hook does.
struct HookVariant {
    std::string series;         // the oldest that it is known to fit, "5.8"
    std::filesystem::path file; // the patch
    HookPatch patch;
};

struct Hook {
    std::string name;
    bool required = false;
    std::vector<FileTest> needed;      // a kernel that lacks one does not need the hook
    std::vector<FileTest> done;        // nor does one that has all of these, if there are any
    std::string by_itself;             // what such a kernel does
    std::string without;               // what a kernel lacks that needs the hook and does not have it
    std::vector<std::string> whole;    // files that a variant must change if the kernel has them
    std::vector<HookVariant> variants; // from old to new; at least one
};

// In the order of hooks.toml. The folders of lines may have variants of their own, hooks/<name>.patch: those that
// `krunctl port` has made.
Result<std::vector<Hook>> load_hooks(Filesystem &files, const std::filesystem::path &data);

// The one for a kernel of this series, by name: the newest that is not newer. The oldest if all are newer.
const HookVariant &variant_for(const Hook &hook, const std::string &series);

// How many lines they change in a kernel of this series, at most: how far it is from Linux.
std::size_t changed_lines(const std::vector<Hook> &hooks, const std::string &series);

} // namespace krun
