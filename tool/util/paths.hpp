// SPDX-License-Identifier: MIT
// Where krunctl finds its own data and keeps its cache.
#pragma once

#include <filesystem>

namespace krun
{

// $XDG_CACHE_HOME/krun, or ~/.cache/krun.
std::filesystem::path cache_directory();

// The folder that holds kernel/ and testbed/: $KRUN_DATA when set, else the clone that krunctl was built from
// (compiled in), else <prefix>/share/krunctl beside an installed tool.
std::filesystem::path data_directory();

// The running krunctl binary itself (it is copied into the guest).
std::filesystem::path own_executable();

} // namespace krun
