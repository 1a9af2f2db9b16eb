// SPDX-License-Identifier: MIT
// The PMUs that count core cycles.
//
// Theory: most machines have one, whose events have the types that all PMUs of its kind share: PERF_TYPE_HARDWARE and
// so on. A hybrid CPU has a PMU for each kind of core, named cpu_core, cpu_atom and so on, with a type of its own and
// the list of its CPUs. An event that names none of them is the first one's, and cannot be opened on other CPUs.
#pragma once

#include <cstdint>

#include "sysfs.hpp"

struct krunc_event;

namespace krunc
{

struct CorePmus {
    static constexpr unsigned most = 8;

    struct One {
        std::uint32_t type; // krunc_event.type, perf_event_attr.type
        CpuSet cpus;
    };
    unsigned count; // 0: there is only one, whose type need not be known
    One all[most];

    // The type of a CPU's PMU; 0: there is only one, or none is known for this CPU.
    std::uint32_t of(unsigned cpu) const;
};

// From a sysfs: 0, or -errno for want of descriptors or memory.
int find_core_pmus(const char *sysfs, CorePmus &pmus);

// The event as the PMU of this type takes it, if it is one that every PMU of cores has; any other is left as it is.
krunc_event event_of_pmu(const krunc_event &event, std::uint32_t pmu);

} // namespace krunc
