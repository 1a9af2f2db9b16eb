// SPDX-License-Identifier: MIT
// A machine with a Krun kernel, on which anything can be wrong. Out of the box four CPUs on which all is well.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/host.hpp"

namespace krun
{

class FakeHost : public Host
{
  public:
    std::string release = "6.12.1";
    std::optional<std::string> config = "CONFIG_NO_HZ_FULL=y\nCONFIG_NO_HZ_FULL_ALL=y\n";
    std::map<std::string, std::string> files = {
        {"/sys/devices/system/cpu/nohz_full", "1-3\n"},
        {"/sys/class/misc/krun/dev", "10:125\n"},
        {"/proc/sys/kernel/krun_unprivileged", "0\n"},
        {"/proc/cmdline", "root=/dev/sda1 ro quiet\n"},
        {"/usr/include/x86_64-linux-gnu/sys/krun-syscall.h", "#define"},
    };
    std::vector<int> online = {0, 1, 2, 3};
    std::vector<int> possible = {0, 1, 2, 3};
    int error = 0;         // of a call for at least one CPU
    int error_of_none = 0; // of a call for no CPU
    int device_error = 0;
    std::map<int, int> device_errors; // of single CPUs
    int stuck_mperf_cpu = -1;
    std::map<int, int> not_busy; // CPUs that cannot be kept busy
    bool idle_cpus_stand_still = false;
    std::optional<std::uint64_t> timer_interrupts = 0;
    std::vector<std::uint64_t> disturbed_windows; // the counts of the first ones, where they differ
    std::uint64_t interrupts_of_calls = 0;        // of a task that makes system calls
    std::uint64_t preemptions = 0;
    std::optional<std::vector<Cause>> causes; // none: the kernel cannot trace
    bool trace_is_cut = false;
    std::set<int> unmeasurable; // CPUs whose interrupts cannot be counted
    std::size_t windows_until_unmeasurable = 1000;
    std::vector<int> busy_cpus; // on which those of a computing task were counted
    std::vector<int> traced_cpus;
    std::function<void()> meanwhile = [] {}; // while CPUs are kept busy
    std::uint64_t time = 0;                  // what all counters say

    std::string kernel_release() override { return release; }
    std::optional<std::string> kernel_config() override { return config; }
    std::optional<std::string> file(const std::string &path) override;
    std::vector<int> online_cpus() override { return online; }
    std::vector<int> possible_cpus() override { return possible; }
    int configure_counters(int cpus) override;
    int reset_counters(int cpus) override { return read_error(cpus); }
    int read_counters(int cpus, CounterReading &reading) override;
    int sample_device(CounterReading &reading) override;
    std::map<int, int> keep_busy(const std::vector<int> &cpus, double seconds) override;
    Result<Disturbance> disturbance_while_busy(int cpu, Load load, double seconds, bool trace) override;

    // Nothing of Krun is left in it.
    void become_another_kernel();

  private:
    int read_error(int cpus) const;
    [[nodiscard]] bool is_online(int cpu) const;
    [[nodiscard]] CpuReading counts_of(int cpu) const;

    int configured_ = 0;
    std::size_t windows_ = 0; // of a computing task
};

} // namespace krun
