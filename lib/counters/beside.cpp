// SPDX-License-Identifier: MIT
// What a sample has beside the counters of CPUs.
#include <cerrno>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "proc_interrupts.hpp"
#include "sampling.hpp"

namespace krunc
{

std::uint32_t current_cpu()
{
    const int cpu = sched_getcpu();
    return cpu < 0 ? 0 : static_cast<std::uint32_t>(cpu);
}

namespace
{

std::uint64_t read_clock(clockid_t clock)
{
    timespec now{};
    clock_gettime(clock, &now); // fails for no clock that there is
    return static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec);
}

// CLOCK_BOOTTIME goes on in a suspend, CLOCK_MONOTONIC does not. Whoever is preempted between them looks again.
std::uint64_t time_suspended()
{
    constexpr std::uint64_t at_once = 100000;
    std::uint64_t before = read_clock(CLOCK_MONOTONIC);
    for (int attempt = 0;; attempt++) {
        const std::uint64_t with_suspends = read_clock(CLOCK_BOOTTIME);
        const std::uint64_t after = read_clock(CLOCK_MONOTONIC);
        if (after - before < at_once || attempt == 10)
            return with_suspends > before ? with_suspends - before : 0;
        before = after;
    }
}

} // namespace

int read_beside(krunc_session &session, krunc_sample &sample, std::uint32_t cpu)
{
    if ((session.options.counters & KRUNC_CLOCK) != 0) {
        sample.clock = read_clock(CLOCK_MONOTONIC_RAW);
        sample.suspended = time_suspended();
    }
    if ((session.options.counters & KRUNC_THREAD_SWITCHES) != 0) {
        rusage usage{};
        if (getrusage(RUSAGE_THREAD, &usage) != 0)
            return -errno;
        sample.voluntary = static_cast<std::uint64_t>(usage.ru_nvcsw);
        sample.involuntary = static_cast<std::uint64_t>(usage.ru_nivcsw);
    }
    if (session.interrupts == nullptr)
        return 0;
    const bool thread = session.options.scope == KRUNC_SCOPE_THREAD;
    return read_interrupts(session, thread ? &cpu : session.cpus, sample);
}

} // namespace krunc
