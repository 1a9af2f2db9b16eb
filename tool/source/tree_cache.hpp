// SPDX-License-Identifier: MIT
// The kernel trees in the cache: their folder, their guards, and which are kept.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// The folder that all trees and the files that guard them are in.
std::filesystem::path source_cache();
// The guard of one tree: whoever changes it, or reads it for long, holds this file's lock.
std::filesystem::path tree_lock_file(const std::filesystem::path &tree);
// Where a tree is prepared, before a rename gives it its name.
std::filesystem::path work_folder(const std::filesystem::path &tree);
// As much of a digest as folders have in their names.
std::string short_digest(const std::string &digest);

// Remembers that `tree` was wanted now, and removes those of its kind, told by their folders' names, that have not been
// for longest. A tree that another krunctl works in is left alone.
void forget_old_trees(Filesystem &files, const std::filesystem::path &tree,
                      const std::function<bool(const std::string &)> &is_of_its_kind);

// Updates our own files in the tree: overlay and selftests.
Result<void> place_overlay(Filesystem &files, const std::filesystem::path &data, const std::filesystem::path &tree);
std::vector<Command> overlay_commands(const std::filesystem::path &data, const std::filesystem::path &tree);

} // namespace krun
