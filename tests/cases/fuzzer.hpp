// SPDX-License-Identifier: MIT
// tests/kernel/fuzz in a guest whose kernel looks for its own mistakes.
#pragma once

#include <string>

#include "cases/case.hpp"

namespace krun
{

// A guest with as many processors and as much memory as such a kernel needs. `seconds`: for what runs in it.
MachineRequest checking_guest(const std::filesystem::path &kernel, unsigned seconds);

// The case's first argument.
Result<unsigned> seconds_of_fuzzing(const Case &one);

// Random calls for that time, with the case's seed. `wrapper`: the script of tests/kernel/fuzz that runs the fuzzer;
// empty: none.
Result<MachineRequest> fuzzing_guest(const Case &one, const std::filesystem::path &kernel, const std::string &wrapper,
                                     unsigned seconds);

} // namespace krun
