// SPDX-License-Identifier: MIT
#include "core_pmus.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <linux/perf_event.h>

#include <krun/counters.h>

namespace krunc
{

namespace
{

constexpr unsigned pmu_shift = 32; // PERF_PMU_TYPE_SHIFT, which older headers lack

// The PMU `cpu` of other machines, and those of the uncore, have no such list. 0, or -errno for a shortage.
int add_pmu(const char *sysfs, const char *name, CorePmus &pmus)
{
    char text[32];
    CorePmus::One &one = pmus.all[pmus.count];
    int error = read_sysfs(sysfs, text, sizeof(text), "bus/event_source/devices/%s/type", name);
    if (error == 0) {
        char file[64];
        one.type = static_cast<std::uint32_t>(std::strtoul(text, nullptr, 10));
        const int length = std::snprintf(file, sizeof(file), "bus/event_source/devices/%s/cpus", name);
        error = length > 0 && length < static_cast<int>(sizeof(file)) ? read_cpu_list(sysfs, one.cpus, file)
                                                                      : -ENAMETOOLONG;
    }
    if (error == 0)
        pmus.count++;
    return is_shortage(error) ? error : 0;
}

} // namespace

std::uint32_t CorePmus::of(unsigned cpu) const
{
    for (unsigned i = 0; i < count; i++) {
        if (all[i].cpus.has(cpu))
            return all[i].type;
    }
    return 0;
}

int find_core_pmus(const char *sysfs, CorePmus &pmus)
{
    pmus.count = 0;
    char path[256];
    const int length = std::snprintf(path, sizeof(path), "%s/bus/event_source/devices", sysfs);
    DIR *const folder = length > 0 && length < static_cast<int>(sizeof(path)) ? opendir(path) : nullptr;
    if (folder == nullptr)
        return is_shortage(-errno) ? -errno : 0;
    int error = 0;
    while (const dirent *const entry = readdir(folder)) {
        if (std::strncmp(entry->d_name, "cpu_", 4) == 0 && pmus.count < CorePmus::most && error == 0)
            error = add_pmu(sysfs, entry->d_name, pmus);
    }
    closedir(folder);
    return error;
}

krunc_event event_of_pmu(const krunc_event &event, std::uint32_t pmu)
{
    krunc_event taken = event;
    if (pmu == 0)
        return taken;
    if (event.type == PERF_TYPE_RAW)
        taken.type = pmu;
    else if ((event.type == PERF_TYPE_HARDWARE || event.type == PERF_TYPE_HW_CACHE) && event.config >> pmu_shift == 0)
        taken.config |= std::uint64_t{pmu} << pmu_shift;
    return taken;
}

} // namespace krunc
