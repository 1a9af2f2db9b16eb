// SPDX-License-Identifier: MIT
// Do hooks name the functions that they are for? Only then are they kept out of others; see hooks/fitting.hpp.
#pragma once

#include <filesystem>
#include <vector>

#include "hooks/known_hooks.hpp"
#include "report/tally.hpp"
#include "util/filesystem.hpp"

namespace krun
{

// Of the hooks that the tree has, according to its record.
Tally judge_headings(Filesystem &files, const std::filesystem::path &tree, const std::vector<Hook> &hooks);

} // namespace krun
