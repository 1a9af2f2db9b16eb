// SPDX-License-Identifier: MIT
#include "host/krun_device.hpp"

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

// 0 for a slot with values in it.
int error_of_slot(const krun_slot &slot)
{
    switch (slot.status) {
    case KRUN_STATUS_OK:
        return slot.span > 0 ? 0 : EIO;
    case KRUN_STATUS_OFFLINE:
        return ENXIO;
    case KRUN_STATUS_UNSUPPORTED:
        return EOPNOTSUPP;
    case KRUN_STATUS_BUSY:
    case KRUN_STATUS_SHIELDED:
        return EBUSY;
    default:
        return ENODATA;
    }
}

} // namespace

KrunDevice::~KrunDevice() { close_all(); }

void KrunDevice::close_all()
{
    if (slots_ != nullptr)
        munmap(const_cast<void *>(slots_), cpus_ * slot_size_);
    if (fd_ >= 0)
        close(fd_);
    slots_ = nullptr;
    fd_ = -1;
}

int KrunDevice::open_planned()
{
    fd_ = open("/dev/krun", O_RDWR | O_CLOEXEC);
    if (fd_ < 0)
        return errno;
    krun_info info{};
    krun_plan plan{};
    plan.counters = KRUN_COUNTER_APERF | KRUN_COUNTER_MPERF | KRUN_COUNTER_CYCLES;
    if (ioctl(fd_, KRUN_IOC_INFO, &info) != 0 || ioctl(fd_, KRUN_IOC_PLAN, &plan) != 0)
        return errno;
    void *mapped = mmap(nullptr, std::size_t{info.cpus} * info.slot_size, PROT_READ, MAP_SHARED, fd_, 0);
    if (mapped == MAP_FAILED)
        return errno;
    slots_ = mapped;
    cpus_ = info.cpus;
    slot_size_ = info.slot_size;
    return 0;
}

int KrunDevice::sample(CounterReading &reading)
{
    if (slots_ == nullptr) {
        if (const int error = open_planned(); error != 0) {
            close_all();
            return error;
        }
    }
    if (syscall(SYSCALL_KRUN_SAMPLE, fd_, 0) < 0)
        return errno;
    reading.clear();
    for (std::size_t cpu = 0; cpu < cpus_; cpu++) {
        // A later kernel's slots may be larger.
        const auto &slot = *reinterpret_cast<const krun_slot *>(static_cast<const char *>(slots_) + cpu * slot_size_);
        if (slot.status == KRUN_STATUS_EMPTY) // the number of a CPU that is not possible
            continue;
        const int error = error_of_slot(slot);
        reading[static_cast<int>(cpu)] =
            error == 0 ? CpuReading{slot.aperf, slot.mperf, slot.cycles, 0} : CpuReading{0, 0, 0, error};
    }
    return 0;
}

} // namespace krun
