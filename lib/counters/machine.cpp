// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <cerrno>
#include <cpuid.h>
#include <cstdlib>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sampling.hpp"

namespace krunc
{

namespace
{

struct Registers {
    unsigned eax, ebx, ecx, edx;
};

Registers cpuid(unsigned leaf)
{
    Registers found{};
    __get_cpuid_count(leaf, 0, &found.eax, &found.ebx, &found.ecx, &found.edx); // leaves 0 beyond the highest leaf
    return found;
}

bool is_intel()
{
    const Registers vendor = cpuid(0);
    return vendor.ebx == signature_INTEL_ebx && vendor.ecx == signature_INTEL_ecx && vendor.edx == signature_INTEL_edx;
}

// value * 2^shift / divisor
std::uint64_t rounded_quotient(std::uint64_t value, unsigned shift, std::uint32_t divisor)
{
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint64_t>(((Wide{value} << shift) + divisor / 2) / divisor);
}

// The kernel tells every perf event how it converts the TSC to nanoseconds, even one that counts nothing.
std::uint64_t tsc_hz_of_perf()
{
    perf_event_attr nothing{};
    nothing.type = PERF_TYPE_SOFTWARE;
    nothing.config = PERF_COUNT_SW_DUMMY;
    nothing.size = sizeof(nothing);
    nothing.exclude_kernel = 1;
    nothing.exclude_hv = 1;
    // A first event that follows a thread has the kernel change the scheduler's code and wait for all CPUs, which takes
    // milliseconds; one of a CPU does not, but not everybody may have it.
    int fd = static_cast<int>(syscall(SYS_perf_event_open, &nothing, -1, current_cpu(), -1, PERF_FLAG_FD_CLOEXEC));
    if (fd < 0)
        fd = static_cast<int>(syscall(SYS_perf_event_open, &nothing, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
    if (fd < 0)
        return 0;
    std::uint64_t hz = 0;
    const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void *map = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) {
        const auto *page = static_cast<const perf_event_mmap_page *>(map);
        if (page->cap_user_time != 0 && page->time_mult != 0)
            hz = rounded_quotient(1000000000, page->time_shift, page->time_mult);
        munmap(map, size);
    }
    close(fd);
    return hz;
}

std::uint64_t tsc_hz_of_cpuid()
{
    const Registers crystal = cpuid(0x15); // SDM volume 3, "Determining the Processor Base Frequency"
    if (crystal.eax == 0 || crystal.ebx == 0 || crystal.ecx == 0)
        return 0;
    return std::uint64_t{crystal.ecx} * crystal.ebx / crystal.eax;
}

std::uint64_t nanoseconds()
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec);
}

// The coarse clock is moved by the tick, and so its resolution is a tick.
std::uint32_t tick_hz()
{
    timespec tick{};
    if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) != 0 || tick.tv_sec != 0 || tick.tv_nsec <= 0)
        return 0;
    return static_cast<std::uint32_t>((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec);
}

} // namespace

namespace
{

int find_cpus(const char *sysfs, CpuSet &possible, CpuSet &online)
{
    int error = read_cpu_list(sysfs, possible, "devices/system/cpu/possible");
    if (error == 0)
        error = read_cpu_list(sysfs, online, "devices/system/cpu/online");
    if (error == 0 && online.count() == 0)
        error = -EINVAL;
    if (error == 0 || is_shortage(error))
        return error;
    // Without sysfs, those that this thread may use.
    error = allowed_cpus(online);
    possible = online;
    return error;
}

} // namespace

int allowed_cpus(CpuSet &allowed)
{
    allowed = {};
    return sched_getaffinity(0, sizeof(allowed), reinterpret_cast<cpu_set_t *>(&allowed)) == 0 ? 0 : -errno;
}

int examine(Machine &machine, const char *sysfs)
{
    machine = {};
    machine.sysfs = sysfs;
    int error = find_cpus(sysfs, machine.possible, machine.online);
    if (error == 0)
        error = find_core_pmus(sysfs, machine.pmus);
    if (error != 0)
        return error;
    machine.intel = is_intel();
    const Registers power = cpuid(6); // SDM volume 2, CPUID, "Thermal and Power Management Leaf"
    machine.has_aperf = (power.ecx & 1) != 0;
    machine.has_package_thermal = machine.intel && (power.eax & 1u << 6) != 0;
    machine.has_thermal = machine.intel && (cpuid(1).edx & 1u << 22) != 0;
    const Registers extended = cpuid(0x80000008); // APM volume 3, "RDPRU"
    machine.has_rdpru = (extended.ebx & 1u << 4) != 0 && (extended.edx >> 16 & 0xff) >= 1;
    return 0;
}

krunc_cpu *describe_cpus(const Machine &machine)
{
    const unsigned cpus = machine.possible.end();
    auto *table = static_cast<krunc_cpu *>(std::calloc(cpus, sizeof(krunc_cpu)));
    if (table == nullptr)
        return nullptr;
    CpuSet tickless{};
    if (read_cpu_list(machine.sysfs, tickless, "devices/system/cpu/nohz_full") != 0)
        tickless = {}; // "(null)" where there are none
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        table[cpu].flags = tickless.has(cpu) ? KRUNC_CPU_NOHZ_FULL : 0;
        table[cpu].sibling = -1;
        char text[text_room];
        CpuSet siblings;
        if (read_sysfs(machine.sysfs, text, sizeof(text), "devices/system/cpu/cpu%u/topology/thread_siblings_list",
                       cpu) != 0 ||
            !parse_cpu_list(text, siblings))
            continue;
        for (unsigned step = 1; step < cpus && table[cpu].sibling < 0; step++) {
            if (siblings.has((cpu + step) % cpus))
                table[cpu].sibling = static_cast<std::int32_t>((cpu + step) % cpus);
        }
    }
    return table;
}

void tell_clocks(krunc_facts &facts)
{
    if ((cpuid(1).ecx & 1u << 31) != 0)
        facts.features |= KRUNC_FEATURE_VIRTUAL;
    if ((cpuid(0x80000007).edx & 1u << 8) != 0)
        facts.features |= KRUNC_FEATURE_TSC_INVARIANT;
    facts.tick_hz = tick_hz();
    facts.tsc_hz = tsc_hz_of_perf();
    facts.tsc_source = KRUNC_TSC_KERNEL;
    if (facts.tsc_hz == 0) {
        facts.tsc_hz = tsc_hz_of_cpuid();
        facts.tsc_source = facts.tsc_hz == 0 ? KRUNC_TSC_UNKNOWN : KRUNC_TSC_CPUID;
    }
}

namespace
{

// Both clocks at once, as well as it goes: the best of a few attempts.
struct Instant {
    std::uint64_t ticks;
    std::uint64_t nanoseconds;
    std::uint64_t doubt; // in ticks
};

Instant now_by_both()
{
    Instant best{0, 0, UINT64_MAX};
    for (int attempt = 0; attempt < 8; attempt++) {
        const std::uint64_t before = time_stamp();
        const std::uint64_t clock = nanoseconds();
        const std::uint64_t gap = time_stamp() - before;
        if (gap < best.doubt)
            best = {before + gap / 2, clock, gap};
    }
    return best;
}

} // namespace

// A millisecond is enough where the clock can be read quickly.
void calibrate_tsc(krunc_facts &facts)
{
    constexpr std::uint64_t shortest = 1000000;
    constexpr std::uint64_t longest = 10000000;
    constexpr std::uint64_t precision = 20000; // 1 in so many
    const Instant start = now_by_both();
    Instant end = start;
    std::uint64_t passed = 0;
    do {
        end = now_by_both();
        passed = end.nanoseconds - start.nanoseconds;
    } while (passed < shortest ||
             (passed < longest && end.ticks - start.ticks < (start.doubt + end.doubt) / 2 * precision));
    facts.tsc_hz =
        static_cast<std::uint64_t>(static_cast<double>(end.ticks - start.ticks) * 1e9 / static_cast<double>(passed));
    facts.tsc_source = KRUNC_TSC_CALIBRATED;
}

double highest_ratio(const Machine &machine, std::uint64_t tsc_hz)
{
    double highest = 0;
    const Registers mhz = cpuid(0x16); // SDM volume 2, CPUID, "Processor Frequency Information Leaf"
    if (machine.intel && (mhz.eax & 0xffff) != 0)
        highest = static_cast<double>(mhz.ebx & 0xffff) / (mhz.eax & 0xffff);
    for (unsigned cpu = 0; cpu < machine.possible.end() && tsc_hz != 0; cpu++) {
        char text[32];
        if (read_sysfs(machine.sysfs, text, sizeof(text), "devices/system/cpu/cpu%u/cpufreq/cpuinfo_max_freq", cpu) !=
            0)
            continue; // kHz
        const double ratio = std::strtod(text, nullptr) * 1000 / static_cast<double>(tsc_hz);
        highest = ratio > highest ? ratio : highest;
    }
    return highest;
}

} // namespace krunc
