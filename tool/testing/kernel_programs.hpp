// SPDX-License-Identifier: MIT
// The guest programs that come with the patched kernel tree, built as its own Makefiles build them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "build/kernel_build.hpp"
#include "testing/tier.hpp"

namespace krun
{

struct KernelPrograms {
    std::vector<std::filesystem::path> selftests; // executables, each prints TAP
    std::filesystem::path absent_test;            // the same, for a machine without counters
    std::filesystem::path fault_test;             // the same, for a kernel whose allocations can be made to fail
    std::filesystem::path test_prog;
    std::filesystem::path read_cost;   // of benchmarks/
    std::filesystem::path sample_cost; // likewise
};

Result<KernelPrograms> build_kernel_programs(TierContext &context, const std::string &line, const BuiltKernel &kernel);

} // namespace krun
