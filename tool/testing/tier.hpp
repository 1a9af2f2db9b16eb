// SPDX-License-Identifier: MIT
// The tiers of `krunctl test`: each is a function that runs its tests and counts them.
#pragma once

#include <filesystem>
#include <string>

#include "build/kernel_build.hpp"
#include "testing/tally.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"

namespace krun
{

struct TierContext {
    ProcessRunner &runner;
    Filesystem &files;
    std::string line;          // kernel line, "6.12"
    std::filesystem::path log; // everything the tier's programs print is appended here
};

// GoogleTest programs beside krunctl in its build folder.
Result<Tally> run_unit_tier(TierContext &context);
Result<Tally> run_command_tier(TierContext &context);
Result<Tally> run_machine_tier(TierContext &context); // boots for real
// clang-format, shellcheck; checkpatch and sparse of the patched tree on the kernel parts.
Result<Tally> run_style_tier(TierContext &context);
// The PMU model of the testbed, under a stock Debian kernel.
Result<Tally> run_model_tier(TierContext &context);
// The Krun kernel in the guest: selftests, test_prog, check, cost of a reading.
Result<Tally> run_kernel_tier(TierContext &context);

// The kernel that the tiers boot; built when it is not up to date.
Result<BuiltKernel> kernel_under_test(TierContext &context);

} // namespace krun
