// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace krun
{

// How many interrupts of the given line ("LOC", "NMI", ...) a CPU has taken, from the text of /proc/interrupts. The
// columns are the online CPUs, so the heading says which one is whose.
std::optional<std::uint64_t> interrupt_count(std::string_view proc_interrupts, std::string_view line, int cpu);

} // namespace krun
