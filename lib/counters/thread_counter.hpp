// SPDX-License-Identifier: MIT
// One counter of the calling thread, by RDPMC and the page that the kernel maps for its event (perf.cpp).
#pragma once

#include <cstdint>
#include <linux/perf_event.h>

namespace krunc
{

// False if the event is on no hardware counter now, or RDPMC is not allowed.
inline bool read_thread_counter(const void *mapped, std::uint64_t &value)
{
    const auto *page = static_cast<const volatile perf_event_mmap_page *>(mapped);
    std::uint32_t lock = 0;
    do {
        lock = page->lock;
        asm volatile("" ::: "memory");
        const std::uint32_t index = page->index;
        if (index == 0 || page->cap_user_rdpmc == 0)
            return false;
        const auto offset = static_cast<std::uint64_t>(page->offset);
        const unsigned unused = 64u - page->pmc_width;
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        asm volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index - 1) : "memory");
        // the hardware's counter is signed, as wide as it is
        const auto counted = static_cast<std::int64_t>(((std::uint64_t{high} << 32) | low) << unused) >> unused;
        value = offset + static_cast<std::uint64_t>(counted);
        asm volatile("" ::: "memory");
    } while (page->lock != lock);
    return true;
}

// APERF or MPERF of the CPU that the thread runs on. APM volume 3, "RDPRU".
inline std::uint64_t rdpru(std::uint32_t which) // 0: MPERF, 1: APERF
{
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile(".byte 0x0f, 0x01, 0xfd" : "=a"(low), "=d"(high) : "c"(which) : "cc", "memory");
    return (std::uint64_t{high} << 32) | low;
}

} // namespace krunc
