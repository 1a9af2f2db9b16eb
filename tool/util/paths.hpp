// SPDX-License-Identifier: MIT
// Where krunctl finds its own data and keeps its cache.
#pragma once

#include <filesystem>
#include <string>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// $XDG_CACHE_HOME/krun, or ~/.cache/krun.
std::filesystem::path cache_directory();

// The folder that holds kernel/ and testbed/: $KRUN_DATA when set, else the clone, else <prefix>/share/krunctl beside
// an installed tool.
std::filesystem::path data_directory();

// The clone that krunctl was built from; empty when it is gone, or when krunctl was built for a package.
std::filesystem::path clone_directory();

// The running krunctl binary itself (it is copied into the guest).
std::filesystem::path own_executable();

// One of the programs that krunctl alone starts (krun-init, read_cost): in its build folder, or in
// <prefix>/lib/krunctl. `beside` is the folder that krunctl lies in.
Result<std::filesystem::path> private_program(Filesystem &files, const std::string &name,
                                              const std::filesystem::path &beside = own_executable().parent_path());

} // namespace krun
