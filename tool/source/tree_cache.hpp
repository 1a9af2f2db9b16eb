// SPDX-License-Identifier: MIT
// The kernel trees in the cache: their folder, their guards, and which are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "util/env.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// Our own folders inside a kernel tree, kept the same as their originals.

// The tree may be anybody's, and a link in it leads wherever he likes: nothing of ours is written or removed behind
// one. An Error that names the link if `place`, relative to the tree, is one or is below one.
Result<void> expect_no_link(Filesystem &files, const std::filesystem::path &tree, const std::filesystem::path &place);

// Makes the contents of `to` those of `from`, and returns how many files changed. A file with the same content is not
// touched, so that make has nothing to do for it; one that is gone from `from` goes. A link in the way is an Error.
Result<std::size_t> mirror_folder(Filesystem &files, const std::filesystem::path &from,
                                  const std::filesystem::path &to);

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

// The names of the trees of a user's own source begin with its name and its identity. Only those of Debian's packages
// have an underscore.
std::filesystem::path stem_of_users_trees(const std::string &name, const std::string &identity);
bool is_users_tree(const std::string &name);

// An Error when there is no room below the cache for `needed` bytes.
Result<void> expect_free_space(Filesystem &files, std::uintmax_t needed);
// What a tree takes, measured with 6.12 and rounded up.
inline constexpr std::uintmax_t tree_space = std::uintmax_t{2300} << 20;

// Updates our own files in the tree: overlay and selftests.
Result<void> place_overlay(const Env &env, const std::filesystem::path &data, const std::filesystem::path &tree);

} // namespace krun
