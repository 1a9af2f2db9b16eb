// SPDX-License-Identifier: MIT
#include "host/krun_device.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/krun.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace krun
{

namespace
{

int sample_of(int fd, const std::vector<int> &online)
{
    krun_info info{};
    info.size = sizeof(info);
    krun_plan plan{};
    plan.size = sizeof(plan);
    plan.counters = KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES;
    if (ioctl(fd, KRUN_IOC_INFO, &info) != 0 || ioctl(fd, KRUN_IOC_PLAN, &plan) != 0)
        return errno;
    const auto size = std::size_t{info.cpus} * sizeof(krun_slot);
    void *mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED)
        return errno;
    int error = syscall(SYSCALL_KRUN_SAMPLE, fd, 0) < 0 ? errno : 0;
    const auto *slots = static_cast<const krun_slot *>(mapped);
    if (error == 0 && !std::all_of(online.begin(), online.end(), [&](int cpu) {
            return slots[cpu].status == KRUN_STATUS_OK && slots[cpu].tsc_after > slots[cpu].tsc_before;
        }))
        error = ENXIO;
    munmap(mapped, size);
    return error;
}

} // namespace

int sample_krun_device(const std::vector<int> &online)
{
    const int fd = open("/dev/krun", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return errno;
    const int error = sample_of(fd, online);
    close(fd);
    return error;
}

} // namespace krun
