// SPDX-License-Identifier: MIT
// Energy by perf's PMU "power" (arch/x86/events/rapl.c): what packages and their parts have consumed. The kernel gives
// it only to those who may count on whole CPUs, as it can reveal secrets.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/descriptor.hpp"
#include "util/filesystem.hpp"

namespace krun
{

struct EnergyReading {
    std::string domain; // "pkg", "cores", "ram", "gpu", "psys"
    int cpu = 0;        // that stands for its package or die
    double joules = 0;
};

// An event of that PMU, as sysfs describes it.
struct EnergyEvent {
    std::string domain;
    std::uint32_t type = 0;
    std::uint64_t config = 0;
    double joules_per_count = 0;
    std::vector<int> cpus; // one for each package or die
};

// Empty where there is no such PMU.
std::vector<EnergyEvent> find_energy_events(Filesystem &files);

class Energy
{
  public:
    explicit Energy(const std::vector<EnergyEvent> &events); // opens what it may; error() says why not all
    [[nodiscard]] std::vector<EnergyReading> read() const;   // since it was opened
    [[nodiscard]] int error() const { return error_; }       // errno; 0: all could be opened

  private:
    struct Open {
        std::string domain;
        int cpu;
        double joules_per_count;
        OwnedDescriptor fd;
    };
    std::vector<Open> open_;
    int error_ = 0;
};

// `sum` grows by what was consumed between the two.
void add_energy(std::vector<EnergyReading> &sum, const std::vector<EnergyReading> &before,
                const std::vector<EnergyReading> &after);

} // namespace krun
