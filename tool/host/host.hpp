// SPDX-License-Identifier: MIT
// The machine that krunctl runs on, as far as checks and counters are concerned. An interface, so that every answer
// a machine can give is tested without such a machine.
#pragma once

#include <cstdint>
#include <krun/counters.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/disturbance.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// What one CPU has said: its counters, or an errno why not. ENXIO: it is offline; ENODATA: the way of reading does not
// reach it.
struct CpuReading {
    std::uint64_t aperf = 0;
    std::uint64_t mperf = 0;
    std::uint64_t cycles = 0;
    int error = 0;

    bool operator==(const CpuReading &) const = default;
};

// By CPU number, which may have holes.
using CounterReading = std::map<int, CpuReading>;

class Host
{
  public:
    virtual ~Host() = default;

    virtual std::string kernel_release() = 0;               // as uname -r
    virtual std::optional<std::string> kernel_config() = 0; // /proc/config.gz or /boot/config-<release>
    virtual std::optional<std::string> file(const std::string &path) = 0;
    // Ascending; empty when /sys does not say.
    virtual std::vector<int> online_cpus() = 0;
    virtual std::vector<int> possible_cpus() = 0;

    // The Krun system calls, which are about the CPUs 0 to cpus - 1: 0 or the errno.
    virtual int configure_counters(int cpus) = 0;
    virtual int reset_counters(int cpus) = 0;
    virtual int read_counters(int cpus, CounterReading &reading) = 0;

    // One sample of every possible CPU through /dev/krun: 0 or the errno.
    virtual int sample_device(CounterReading &reading) = 0;

    // Keeps every CPU in `cpus` busy in user mode, one thread each, for so long. Those that it could not keep busy all
    // the time, with the errno.
    virtual std::map<int, int> keep_busy(const std::vector<int> &cpus, double seconds) = 0;
    // See disturbance.hpp.
    virtual Result<Disturbance> disturbance_while_busy(int cpu, Load load, double seconds, bool trace) = 0;
};

class SystemHost : public Host
{
  public:
    explicit SystemHost(ProcessRunner &runner) : runner_(runner) {}

    std::string kernel_release() override;
    std::optional<std::string> kernel_config() override;
    std::optional<std::string> file(const std::string &path) override;
    std::vector<int> online_cpus() override;
    std::vector<int> possible_cpus() override;
    int configure_counters(int cpus) override;
    int reset_counters(int cpus) override;
    int read_counters(int cpus, CounterReading &reading) override;
    int sample_device(CounterReading &reading) override;
    std::map<int, int> keep_busy(const std::vector<int> &cpus, double seconds) override;
    Result<Disturbance> disturbance_while_busy(int cpu, Load load, double seconds, bool trace) override;

  private:
    ProcessRunner &runner_;
    std::optional<krunc::Session> device_; // from the first sample on, so that its counters are kept
};

} // namespace krun
