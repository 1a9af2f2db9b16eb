// SPDX-License-Identifier: MIT
// Facts about the machine, from CPUID and sysfs.
#pragma once

#include <cstdint>

#include <krun/counters.h>

#include "core_pmus.hpp"
#include "sysfs.hpp"

namespace krunc
{

struct Machine {
    const char *sysfs; // where it was found
    CpuSet possible;
    CpuSet online;
    bool intel;
    bool has_aperf;
    bool has_package_thermal;
    bool has_thermal;
    bool has_rdpru;
    CorePmus pmus; // of a hybrid CPU
};

// Those that this thread may use; 0 or -errno. The kernel refuses a mask that is shorter than its own: none is longer.
int allowed_cpus(CpuSet &allowed);

// The possible and online CPUs, PMUs, and what CPUID says; 0 or -errno. `sysfs` must remain valid.
int examine(Machine &machine, const char *sysfs);

// By number of the CPU, for all that are possible; allocated. Null: no memory.
krunc_cpu *describe_cpus(const Machine &machine);

// facts: features, tsc_hz, tsc_source, tick_hz.
void tell_clocks(krunc_facts &facts);
// facts.tsc_hz against the clock, when nothing better is known: takes 10 ms.
void calibrate_tsc(krunc_facts &facts);
// Highest frequency / TSC's frequency, 0: not known.
double highest_ratio(const Machine &machine, std::uint64_t tsc_hz);

} // namespace krunc
