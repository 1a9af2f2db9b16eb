// SPDX-License-Identifier: MIT
// Our own folders inside a kernel tree, kept the same as their originals.
#pragma once

#include <cstddef>
#include <filesystem>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// The tree may be anybody's, and a link in it leads wherever he likes: nothing of ours is written or removed behind
// one. An Error that names the link if `place`, relative to the tree, is one or is below one.
Result<void> expect_no_link(Filesystem &files, const std::filesystem::path &tree, const std::filesystem::path &place);

// Makes the contents of `to` those of `from`, and returns how many files changed. A file with the same content is not
// touched, so that make has nothing to do for it; one that is gone from `from` goes. A link in the way is an Error.
Result<std::size_t> mirror_folder(Filesystem &files, const std::filesystem::path &from,
                                  const std::filesystem::path &to);

} // namespace krun
