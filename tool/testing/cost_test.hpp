// SPDX-License-Identifier: MIT
// What readings may cost on a kernel, in guest instructions.
#pragma once

#include "build/kernel_build.hpp"
#include "testing/kernel_programs.hpp"
#include "testing/tally.hpp"
#include "testing/tier.hpp"

namespace krun
{

// Boots a guest with one CPU and one with four, whose instructions are counted. An Error is a guest that did not run.
Result<Tally> test_costs(TierContext &context, const BuiltKernel &kernel, const KernelPrograms &programs);

} // namespace krun
