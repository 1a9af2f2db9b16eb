// SPDX-License-Identifier: MIT
// The tiers of `krunctl test`: each is a function that runs its tests and counts them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "source/kernel_line.hpp"
#include "testing/tally.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"

namespace krun
{

class LineRun;

// How the fuzzer is run.
struct FuzzSettings {
    unsigned seconds = 120;
    std::uint64_t seed = 1;
    bool soak = false; // then all selftests as well
};

struct TierContext {
    ProcessRunner &runner;
    Filesystem &files;
    const std::vector<KernelLine> &lines; // all that this run is about, oldest first
    std::filesystem::path log;            // everything the tier's programs print is appended here
    FuzzSettings fuzz = {};
};

// GoogleTest programs beside krunctl in its build folder.
Result<Tally> run_unit_tier(TierContext &context);
Result<Tally> run_command_tier(TierContext &context);
// The PMU model of the testbed, under a stock Debian kernel.
Result<Tally> run_model_tier(TierContext &context);
// What can be said without a kernel: clang-format, shellcheck, the size of the hooks.
Result<Tally> run_style_tier(TierContext &context);
// Our own Debian packages: built, looked at, unpacked and used, installed in a clean Debian.
Result<Tally> run_package_tier(TierContext &context);
// A kernel's life on a real Debian disk, from its trial to its removal; and all that can go wrong in it.
Result<Tally> run_install_tier(TierContext &context);
Result<Tally> run_e2e_tier(TierContext &context);

// These build the line's kernel when no tier before them has. When it cannot be built, they end with that.
// checkpatch and sparse of the patched tree on the kernel parts.
Result<Tally> run_line_style_tier(TierContext &context, LineRun &line);
// The Krun kernel in the guest: selftests, test_prog, check, cost of a reading.
Result<Tally> run_kernel_tier(TierContext &context, LineRun &line);
Result<Tally> run_machine_tier(TierContext &context, LineRun &line); // GoogleTest again, boots for real
// Random system calls on a kernel of the line that looks for its own mistakes; builds that kernel.
Result<Tally> run_fuzz_tier(TierContext &context, LineRun &line);
Result<Tally> run_race_tier(TierContext &context, LineRun &line);

} // namespace krun
