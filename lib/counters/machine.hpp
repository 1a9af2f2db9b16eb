// SPDX-License-Identifier: MIT
// Facts about the machine, from CPUID and sysfs.
#pragma once

#include <cstddef>
#include <cstdint>

#include <krun/counters.h>

namespace krunc
{

constexpr unsigned max_cpus = 8192; // NR_CPUS at most

struct CpuSet {
    std::uint64_t words[max_cpus / 64];

    void add(unsigned cpu) { words[cpu / 64] |= std::uint64_t{1} << (cpu % 64); }
    bool has(unsigned cpu) const { return cpu < max_cpus && (words[cpu / 64] >> (cpu % 64) & 1) != 0; }
    unsigned count() const;
    unsigned end() const; // one more than the highest
};

struct Machine {
    CpuSet possible;
    CpuSet online;
    bool intel;
    bool has_aperf;
    bool has_package_thermal;
    bool has_thermal;
    bool has_rdpru;
};

// A list of CPUs as sysfs writes it, as in 0,2-5. False if it is something else.
bool parse_cpu_list(const char *text, CpuSet &cpus);

// A file's content as a string, at most size - 1 bytes of it; false without one.
bool read_text(const char *path, char *text, std::size_t size);

// The possible and online CPUs, and what CPUID says; 0 or -errno.
int examine(Machine &machine);

// By number of the CPU, for all that are possible; allocated. Null: no memory.
krunc_cpu *describe_cpus(const Machine &machine);

// facts: features, tsc_hz, tsc_source, tick_hz.
void tell_clocks(krunc_facts &facts);
// facts.tsc_hz against the clock, when nothing better is known: takes 10 ms.
void calibrate_tsc(krunc_facts &facts);
// Highest frequency / TSC's frequency, 0: not known.
double highest_ratio(const Machine &machine, std::uint64_t tsc_hz);

} // namespace krunc
