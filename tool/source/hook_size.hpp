// SPDX-License-Identifier: MIT
// How many lines the hooks change: how far a kernel line is from Linux.
#pragma once

#include <filesystem>
#include <string_view>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// The added and the removed lines of a unified diff; its headers and the message above it do not count.
unsigned changed_lines(std::string_view diff);

// The same of all patches that the folder's series names.
Result<unsigned> hook_size(Filesystem &files, const std::filesystem::path &hooks);

} // namespace krun
