// SPDX-License-Identifier: MIT
#include "measure.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace measure
{

int open_plan(std::uint32_t flags, std::uint32_t more_counters)
{
    const int fd = open("/dev/krun", O_RDWR | O_CLOEXEC);
    krun_plan plan{};
    plan.flags = flags;
    plan.counters = KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES | more_counters;
    if (fd < 0)
        return -1;
    if (ioctl(fd, KRUN_IOC_PLAN, &plan) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

} // namespace measure
