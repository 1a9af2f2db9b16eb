// SPDX-License-Identifier: MIT
// Perf as a test makes it up, for with_answered_calls(): an event is a file whose content is what read(2) gives.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>

#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "answered_calls.hpp"

struct MadeUpPerf {
    struct Asked {
        int cpu;
        std::uint32_t type;
        std::uint64_t config;
    };
    std::array<Asked, 64> asked{};
    unsigned count = 0;
    int error_of_cpu_1 = 0;   // -errno: no event of it can be opened
    unsigned retries = 0;     // of groups without a counter
    bool has_counters = true; // at a retry
};

inline MadeUpPerf made_up_perf;

// A group of two, which has counted 1000 and 2000 in 1 ms.
inline long made_up_event()
{
    const std::uint64_t values[5] = {2, 1000000, 1000000, 1000, 2000};
    const long fd = memfd_create("event", MFD_CLOEXEC);
    if (fd >= 0 &&
        (write(static_cast<int>(fd), values, sizeof(values)) < 0 || lseek(static_cast<int>(fd), 0, SEEK_SET) != 0))
        return -EIO;
    return fd;
}

inline long answer_for_perf(unsigned number, const Arguments &arguments)
{
    if (number == SYS_ioctl) { // has it try again
        made_up_perf.retries++;
        if (made_up_perf.has_counters)
            lseek(static_cast<int>(arguments[0]), 0, SEEK_SET);
        return 0;
    }
    const auto &event = *reinterpret_cast<const perf_event_attr *>(arguments[0]);
    const int cpu = static_cast<int>(arguments[2]);
    if (event.type == PERF_TYPE_SOFTWARE)
        return -EACCES; // the library asks one for the TSC's rate
    if (made_up_perf.count < made_up_perf.asked.size())
        made_up_perf.asked[made_up_perf.count++] = {cpu, event.type, event.config};
    return cpu == 1 && made_up_perf.error_of_cpu_1 != 0 ? made_up_perf.error_of_cpu_1 : made_up_event();
}
