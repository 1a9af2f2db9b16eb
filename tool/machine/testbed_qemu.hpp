// SPDX-License-Identifier: MIT
// Our own QEMU: Debian's source with the patches of testbed/qemu, which give TCG's CPUs the counters that the
// stock one lacks. Built once into the cache, for one set of patches and one way to configure.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

// The Debian that QEMU and the guests' busybox are taken from, whatever this machine runs.
inline const std::vector<std::string> testbed_suites{"bookworm", "bookworm-updates", "bookworm-security"};

struct TestbedQemu {
    std::filesystem::path program;
    std::vector<std::filesystem::path> firmware; // folders for -L
};

// Where it is in the cache, or would be. $KRUN_TESTBED_QEMU names another folder of the same layout instead
// (qemu-system-x86_64, share/qemu, share/seabios): for work on the patches themselves.
Result<std::filesystem::path> testbed_qemu_folder(const Env &env);
TestbedQemu testbed_qemu_in(const std::filesystem::path &folder);
// Builds it if it is missing: a few minutes, with progress. After an interruption the next call continues.
Result<TestbedQemu> make_testbed_qemu(const Env &env);

// "[12/345] ..." of ninja as done and total.
std::optional<std::pair<std::size_t, std::size_t>> ninja_progress(const std::string &line);

} // namespace krun
