// SPDX-License-Identifier: MIT
// SHA-256 by sha256sum(1): cache keys, metadata, and whether a file is still the one that was looked at.
#pragma once

#include <filesystem>
#include <string>

#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

Result<std::string> sha256_of_text(ProcessRunner &runner, const std::string &text);
Result<std::string> sha256_of_file(ProcessRunner &runner, const std::filesystem::path &file);
// Of all regular files below `folder`: their relative names and their contents.
Result<std::string> sha256_of_tree(ProcessRunner &runner, const std::filesystem::path &folder);

} // namespace krun
