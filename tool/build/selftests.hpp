// SPDX-License-Identifier: MIT
// The kselftests of a patched tree, built by their own Makefile.
#pragma once

#include <filesystem>
#include <vector>

#include "util/env.hpp"

namespace krun
{

// The one that needs a machine without counters, and verifies that the kernel says so.
inline constexpr const char *test_without_counters = "absent_test";
// The one that needs CPUs whose time stamp counters disagree.
inline constexpr const char *test_of_tscs = "tsc_test";
// The one that needs more CPUs than a word has bits, of which it brings up those that it wants. Other kernels than
// those of the configurations disk and debian have no room for them.
inline constexpr const char *test_of_many_cpus = "many_cpus_test";

// Static executables in `output`, which is made anew; sorted. Each prints TAP.
Result<std::vector<std::filesystem::path>> build_selftests(const Env &env, const std::filesystem::path &tree,
                                                           const std::filesystem::path &output,
                                                           const std::filesystem::path &log);

} // namespace krun
