// SPDX-License-Identifier: MIT
// A source tree that behaves like a kernel's as far as `krunctl build` looks, and compiles in a moment.
#pragma once

#include <filesystem>

namespace krun
{

// Its make compiles krun/*.c, drops CONFIG_DROPPED as an unmet dependency would, and, when $KRUN_TEST_MARKER is set,
// makes that file and waits for a minute before it compiles. Its bindeb-pkg makes tiny packages; $KRUN_TEST_PACKAGING
// is `fails`, or `waits` for a minute when the packages are half made.
void write_fake_kernel(const std::filesystem::path &tree, bool is_kernel);

} // namespace krun
