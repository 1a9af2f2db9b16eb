// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace krun
{

// How fast this machine's TSC counts, in kHz, measured for a few milliseconds: TCG's guests see the host's TSC.
std::uint64_t measured_tsc_khz();

} // namespace krun
