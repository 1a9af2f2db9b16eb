// SPDX-License-Identifier: MIT
// The last test before a kernel is installed: the very image of the package boots in the testbed, and passes the
// selftests that the package contains.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

struct GateResult {
    bool passed = false;
    unsigned tests_passed = 0;
    unsigned tests_failed = 0;
    std::vector<std::string> failures; // names of the failed tests, with what is known about why
    std::string detail;                // for people: what was seen, or what went wrong and where the log is
};

// An Error when there was no way to find out (no QEMU, no disk space, Ctrl-C).
Result<GateResult> boot_gate(const Env &env, const std::filesystem::path &image_deb);

} // namespace krun
