// SPDX-License-Identifier: MIT
// tests/kernel/fuzz in a guest whose kernel looks for its own mistakes.
#pragma once

#include <string>

#include "build/kernel_build.hpp"
#include "testing/guest_run.hpp"
#include "testing/tier.hpp"

namespace krun
{

// `config`: debug or kcsan.
Result<BuiltKernel> build_checking_kernel(TierContext &context, const std::string &line, const std::string &config);

// A guest with as many processors and as much memory as such a kernel needs. `seconds`: for what runs in it.
MachineRequest checking_guest(const BuiltKernel &kernel, unsigned seconds);

// For the run's time and with its seed. `wrapper`: the script of tests/kernel/fuzz that runs the fuzzer.
Result<GuestRun> run_fuzzer(TierContext &context, const BuiltKernel &kernel, const std::string &wrapper);

} // namespace krun
