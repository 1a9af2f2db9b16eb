// SPDX-License-Identifier: MIT
// Our own folders inside a kernel tree, kept the same as their originals.
#pragma once

#include <cstddef>
#include <filesystem>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// Makes the contents of `to` those of `from`, and returns how many files changed. A file with the same content is not
// touched, so that make has nothing to do for it; one that is gone from `from` goes.
Result<std::size_t> mirror_folder(Filesystem &files, const std::filesystem::path &from,
                                  const std::filesystem::path &to);

} // namespace krun
