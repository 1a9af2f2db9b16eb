// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include <krun/counters.h>

#include "sampling.hpp"

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

// Both, of the CPU that the reading names. A thread that has moved meanwhile has read two CPUs' registers: the reading
// is for the new CPU then, unless the thread moves on and on.
template <class ReadRegister, class CurrentCpu>
inline void read_frequency(krunc_reading &reading, ReadRegister &&read_register, CurrentCpu &&cpu_now)
{
    for (int attempt = 0; attempt < 3; attempt++) {
        const std::uint64_t aperf = read_register(1);
        const std::uint64_t mperf = read_register(0);
        const std::uint32_t cpu = cpu_now();
        if (cpu == reading.cpu) {
            store(reading, KRUNC_APERF, aperf);
            store(reading, KRUNC_MPERF, mperf);
            reading.flags |= KRUNC_READING_RDPRU;
            return;
        }
        reading.cpu = cpu;
    }
}

} // namespace krunc
