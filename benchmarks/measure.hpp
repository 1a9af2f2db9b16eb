// SPDX-License-Identifier: MIT
// What the benchmarks share. They run inside the guest.
//
// With QEMU's -icount shift=0 the time stamp counter advances by one for each guest instruction of any CPU, so a
// difference of two RDTSC is an exact instruction count, the same on every host. Without -icount the same numbers are
// TSC ticks: only a rough idea, and labelled as such when printed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <linux/krun.h>
#include <optional>
#include <sched.h>

namespace measure
{

inline std::uint64_t tsc()
{
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    asm volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
    return (std::uint64_t{high} << 32) | low;
}

// A bare system call: the C library's wrapper would be part of the count.
inline long raw_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0)
{
    long result = 0;
    register long r10 asm("r10") = d;
    register long r8 asm("r8") = e;
    asm volatile("syscall"
                 : "=a"(result)
                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                 : "rcx", "r11", "memory");
    return result;
}

template <class T> long address(T *pointer) { return reinterpret_cast<long>(pointer); }

// The fewest ticks that one call took: what is left over is an interrupt that came in between. `prepare` is not
// counted.
template <class P, class F> std::uint64_t cheapest(int repetitions, P &&prepare, F &&call)
{
    std::uint64_t best = std::numeric_limits<std::uint64_t>::max();
    for (int i = 0; i < repetitions; i++) {
        prepare();
        const std::uint64_t before = tsc();
        call();
        best = std::min(best, tsc() - before);
    }
    return best;
}

template <class P, class F> std::uint64_t cost_of(int repetitions, P &&prepare, F &&call)
{
    const std::uint64_t empty = cheapest(repetitions, prepare, [] {});
    return cheapest(repetitions, prepare, call) - empty;
}

inline void print(const char *way, std::optional<std::uint64_t> cost)
{
    if (cost)
        std::printf("%s\t%llu\n", way, static_cast<unsigned long long>(*cost));
    else
        std::printf("%s\t-\n", way);
}

inline bool pin_to_cpu0()
{
    cpu_set_t cpu0;
    CPU_ZERO(&cpu0);
    CPU_SET(0, &cpu0);
    return sched_setaffinity(0, sizeof(cpu0), &cpu0) == 0;
}

// A file of /dev/krun with a plan of APERF, MPERF, core cycles and more on every CPU; -1 if there is none.
int open_plan(std::uint32_t flags, std::uint32_t more_counters = 0);

} // namespace measure
