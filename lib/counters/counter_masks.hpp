// SPDX-License-Identifier: MIT
// Counters by what they have in common, as masks of KRUNC_*.
#pragma once

#include <cstdint>

#include <krun/counters.h>

namespace krunc
{

constexpr std::uint32_t own_events = KRUNC_EVENT(0) | KRUNC_EVENT(1) | KRUNC_EVENT(2) | KRUNC_EVENT(3);

// They take a counter of the hardware, which perf gives out.
constexpr std::uint32_t hardware = KRUNC_CYCLES | KRUNC_INSTRUCTIONS | own_events;

constexpr std::uint32_t frequency = KRUNC_APERF | KRUNC_MPERF;

// Those of 64 bits that only grow.
constexpr std::uint32_t wide = frequency | hardware;

// They come from no way, and are of the whole sample.
constexpr std::uint32_t beside = KRUNC_CLOCK | KRUNC_THREAD_SWITCHES;

} // namespace krunc
