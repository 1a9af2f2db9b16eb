// SPDX-License-Identifier: MIT
// A line's kernel from altered sources of ours: with a fault, or with nothing of ours at all.
//
// All of a kind share a cache of their own: a tree, and objects, of which each compiles again what it changes. What has
// been downloaded is shared with everybody.
#pragma once

#include <functional>
#include <string>

#include "cases/case.hpp"

namespace krun
{

// `alter` changes a copy of our folder kernel/. `kind` is the cache's name, and a word of the release.
Result<BuiltKernel> build_altered_kernel(const Case &one, const std::string &kind, const std::string &config,
                                         const std::function<Result<void>(const std::filesystem::path &)> &alter);

} // namespace krun
