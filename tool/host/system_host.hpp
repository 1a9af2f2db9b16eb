// SPDX-License-Identifier: MIT
#pragma once

#include <memory>

#include <krun/counters.h>

#include "host/host.hpp"
#include "util/process.hpp"

namespace krun
{

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
    int open_device();

    ProcessRunner &runner_;
    // From the first sample on, so that its counters are kept.
    std::unique_ptr<krunc_session, decltype(&krunc_close)> device_{nullptr, krunc_close};
};

} // namespace krun
