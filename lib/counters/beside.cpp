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

int read_beside(krunc_session &session, krunc_sample &sample)
{
    if ((session.options.counters & KRUNC_CLOCK) != 0) {
        timespec now{};
        if (clock_gettime(CLOCK_MONOTONIC_RAW, &now) != 0)
            return -errno;
        sample.clock = static_cast<std::uint64_t>(now.tv_sec) * 1000000000u + static_cast<std::uint64_t>(now.tv_nsec);
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
    const std::uint32_t here = current_cpu();
    const bool thread = session.options.scope == KRUNC_SCOPE_THREAD;
    return read_interrupts(session, thread ? &here : session.cpus, sample);
}

} // namespace krunc
