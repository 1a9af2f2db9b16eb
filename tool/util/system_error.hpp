// SPDX-License-Identifier: MIT
// errno as an Error. A full disk gets its own message, because the user can do something about it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "util/result.hpp"

namespace krun
{

// "cannot <what> <path>: <reason>", or "no space left on <path's file system>".
[[nodiscard]] tl::unexpected<Error> system_failure(std::string_view what, const std::filesystem::path &path,
                                                   int error_number);
// As it stands in the output of the programs that we run (they are run with LC_ALL=C where it matters).
bool tells_of_full_disk(std::string_view output);
[[nodiscard]] tl::unexpected<Error> full_disk(const std::string &where, const std::string &log = {});

} // namespace krun
