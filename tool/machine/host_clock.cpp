// SPDX-License-Identifier: MIT
// The rate of the TSC, measured against the monotonic clock; see host_clock.hpp.
#include "machine/host_clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>
#include <x86intrin.h>

namespace krun
{
namespace
{

using Clock = std::chrono::steady_clock;

struct Reading {
    std::uint64_t ticks;
    Clock::time_point time;
};

Reading read_both()
{
    // The pair that was read fastest: one with an interrupt between the two would be off.
    Reading best{};
    auto shortest = ~std::uint64_t{0};
    for (int attempt = 0; attempt < 5; ++attempt) {
        const std::uint64_t before = __rdtsc();
        const auto time = Clock::now();
        const std::uint64_t after = __rdtsc();
        if (after - before < shortest) {
            shortest = after - before;
            best = {before + (after - before) / 2, time};
        }
    }
    return best;
}

std::uint64_t one_measurement()
{
    const Reading first = read_both();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const Reading last = read_both();
    const auto elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(last.time - first.time).count();
    return elapsed <= 0 ? 0 : (last.ticks - first.ticks) * 1000000 / static_cast<std::uint64_t>(elapsed);
}

} // namespace

std::uint64_t measured_tsc_khz()
{
    std::array<std::uint64_t, 3> measured{};
    std::generate(measured.begin(), measured.end(), one_measurement);
    std::sort(measured.begin(), measured.end());
    return measured[1];
}

} // namespace krun
