// SPDX-License-Identifier: MIT
// The machine that krunctl runs on, as far as checks and counters are concerned. An interface, so that every answer
// a machine can give is tested without such a machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

// Element i of each is for CPU i.
struct CounterReading {
    std::vector<std::uint64_t> aperf;
    std::vector<std::uint64_t> mperf;
    std::vector<std::uint64_t> cycles;
};

class Host
{
  public:
    virtual ~Host() = default;

    virtual std::string kernel_release() = 0;               // as uname -r
    virtual std::optional<std::string> kernel_config() = 0; // /proc/config.gz or /boot/config-<release>
    virtual std::optional<std::string> file(const std::string &path) = 0;
    virtual std::vector<int> online_cpus() = 0;
    virtual int possible_cpus() = 0;

    // The Krun system calls: 0 or the errno.
    virtual int configure_counters(int cpus) = 0;
    virtual int reset_counters(int cpus) = 0;
    virtual int read_counters(int cpus, CounterReading &reading) = 0;

    // One sample of every CPU through /dev/krun: 0 or the errno.
    virtual int sample_device() = 0;

    // Keeps every CPU in `cpus` busy in user mode, one thread each, for so long.
    virtual void keep_busy(const std::vector<int> &cpus, double seconds) = 0;
    // Local-timer interrupts (line LOC of /proc/interrupts) that `cpu` takes while it is kept busy for so long, after
    // a second to settle.
    virtual std::optional<std::uint64_t> timer_interrupts_while_busy(int cpu, double seconds) = 0;
};

} // namespace krun
