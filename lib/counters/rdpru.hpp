// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace krunc
{

// APERF or MPERF of the CPU that the thread runs on. APM volume 3, "RDPRU".
inline std::uint64_t rdpru(std::uint32_t which) // 0: MPERF, 1: APERF
{
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile(".byte 0x0f, 0x01, 0xfd" : "=a"(low), "=d"(high) : "c"(which) : "cc", "memory");
    return (std::uint64_t{high} << 32) | low;
}

} // namespace krunc
