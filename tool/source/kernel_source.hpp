// SPDX-License-Identifier: MIT
// From a kernel line to a patched tree in the cache: package, tarball, hooks, overlay.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hooks/fitting.hpp"
#include "source/apt_archive.hpp"
#include "source/kernel_line.hpp"
#include "source/tree_cache.hpp"
#include "util/env.hpp"

namespace krun
{

struct KernelSource {
    std::filesystem::path tree;
    std::string package;
    std::string version;      // of the Debian package, "6.12.117-1"
    std::string checksum;     // SHA-256 of that package, as the archive's index has it
    std::string hooks_hash;   // SHA-256 of all hooks
    std::string overlay_hash; // SHA-256 of kernel/krun
};

// Where the tree of this version with these hooks is or would be.
std::filesystem::path tree_folder(const std::string &package, const std::string &version,
                                  const std::string &hooks_hash);

// What of our clone goes into a tree: hooks_hash and overlay_hash, the rest is empty.
Result<KernelSource> hash_own_files(const Env &env, const KernelLine &line, const std::filesystem::path &data);

// Finds the newest version and says where its tree is; nothing is downloaded but the archive's index. With `known_only`
// nothing at all is, and the version is the word NEWEST when there has been no index yet (for --dry-run).
Result<KernelSource> locate_kernel_source(const Env &env, AptArchive &archive, const KernelLine &line,
                                          const std::filesystem::path &data, bool known_only = false);
// Makes the tree if it is missing, and updates our own files in it. `before_apply` is called when all
// is fetched and unpacked, and changing the tree begins.
Result<void> prepare_kernel_source(const Env &env, AptArchive &archive, const KernelLine &line,
                                   const std::filesystem::path &data, const KernelSource &source,
                                   const std::function<void()> &before_apply = {});
// The commands that prepare_kernel_source() runs for a tree that is not there yet.
Result<std::vector<Command>> preparation_commands(Filesystem &files, const KernelLine &line,
                                                  const std::filesystem::path &data, const KernelSource &source);

} // namespace krun
