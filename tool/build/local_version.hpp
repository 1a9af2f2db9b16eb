// SPDX-License-Identifier: MIT
// What is appended to the kernel's release, so that `uname -r` says which of our states it was built from.
#pragma once

#include <filesystem>
#include <string>

#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// A given one is checked: only letters, digits and dots, because it becomes part of package and file names.
Result<void> check_local_version(const std::string &local_version);

// ".krun." and the first six digits of the commit that `data` is a clone of; of `overlay_hash` outside of git.
Result<std::string> default_local_version(ProcessRunner &runner, const std::filesystem::path &data,
                                          const std::string &overlay_hash);

} // namespace krun
