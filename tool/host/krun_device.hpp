// SPDX-License-Identifier: MIT
// /dev/krun, with a plan of APERF, MPERF and core cycles of every possible CPU.
#pragma once

#include <cstddef>

#include "host/host.hpp"

namespace krun
{

class KrunDevice
{
  public:
    KrunDevice() = default;
    KrunDevice(const KrunDevice &) = delete;
    KrunDevice &operator=(const KrunDevice &) = delete;
    ~KrunDevice();

    // Opens the device at the first call and keeps its counters until this ends; 0 or an errno.
    int sample(CounterReading &reading);

  private:
    int open_planned();
    void close_all();

    int fd_ = -1;
    const void *slots_ = nullptr;
    std::size_t cpus_ = 0;
    std::size_t slot_size_ = 0;
};

} // namespace krun
