// SPDX-License-Identifier: MIT
// /dev/cpu/N/msr: root reads registers of any CPU, one pread(2) each. What counts core cycles belongs to perf, and is
// not looked at.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

#include "counter_masks.hpp"
#include "sampling.hpp"

namespace krunc
{

namespace
{

struct Register {
    std::uint32_t counter;
    off_t number; // SDM volume 4, APM volume 2
};

// In the order of reading: APERF and MPERF next to each other.
const Register registers[] = {{KRUNC_APERF, 0xe8},
                              {KRUNC_MPERF, 0xe7},
                              {KRUNC_SMI, 0x34},
                              {KRUNC_THERMAL, 0x19c},
                              {KRUNC_PACKAGE_THERMAL, 0x1b1}};

// Only CPUs that are online have the file, and what was opened can be read again when the CPU is back. 0 or -errno.
int open_file(const krunc_session &session, std::uint32_t cpu)
{
    char path[40];
    if (cpu >= session.facts.possible_cpus)
        return -ENXIO;
    std::snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
    session.msr.fds[cpu] = open(path, O_RDONLY | O_CLOEXEC);
    return session.msr.fds[cpu] >= 0 ? 0 : -errno;
}

krunc_status status_of_error(int error)
{
    return error == -ENXIO || error == -ENODEV || error == -ENOENT ? KRUNC_OFFLINE : KRUNC_UNSUPPORTED;
}

// How many registers were read.
unsigned read_cpu(const krunc_session &session, krunc_reading &reading, std::uint32_t cpu)
{
    unsigned calls = 0;
    const bool is_open = cpu < session.facts.possible_cpus && session.msr.fds[cpu] >= 0;
    const int error = is_open ? 0 : open_file(session, cpu);
    write_reading(reading, cpu, error != 0 ? status_of_error(error) : KRUNC_OK);
    reading.tsc = time_stamp();
    if (error != 0)
        return 0;
    for (const Register &one : registers) {
        std::uint64_t value = 0;
        if ((session.facts.counters & one.counter) == 0)
            continue;
        if (pread(session.msr.fds[cpu], &value, sizeof(value), one.number) != sizeof(value)) {
            write_reading(reading, cpu, status_of_error(-errno));
            return calls;
        }
        calls++;
        store(reading, one.counter, value);
    }
    reading.span = span_since(reading.tsc);
    return calls;
}

int read_msr(krunc_session &session, krunc_sample &sample)
{
    sample.cpu = current_cpu();
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        const std::uint32_t cpu = session.options.scope == KRUNC_SCOPE_THREAD ? sample.cpu : session.cpus[i];
        const unsigned calls = read_cpu(session, *krunc_reading_at(&sample, i), cpu);
        session.own_calls[i] += cpu != sample.cpu ? calls : 0;
    }
    return 0;
}

constexpr std::uint32_t of_intel = KRUNC_SMI | KRUNC_THERMAL | KRUNC_PACKAGE_THERMAL;

// A virtual machine may answer with 0 for a register that it does not have: CPUID decides.
std::uint32_t registers_of(const Machine &machine)
{
    std::uint32_t had = machine.has_aperf ? frequency : 0;
    if (machine.intel)
        had |= KRUNC_SMI;
    if (machine.has_thermal)
        had |= KRUNC_THERMAL;
    if (machine.has_package_thermal)
        had |= KRUNC_PACKAGE_THERMAL;
    return had;
}

int open_cpu(krunc_session &session, std::uint32_t cpu)
{
    if (!session.machine.online.has(cpu))
        return 0;
    if (const int error = open_file(session, cpu))
        return error == -ENXIO ? 0 : error; // it has just gone offline
    for (const Register &one : registers) {
        std::uint64_t value = 0;
        if ((session.facts.counters & one.counter) == 0 ||
            pread(session.msr.fds[cpu], &value, sizeof(value), one.number) == sizeof(value))
            continue;
        if (errno != EIO)
            return -errno;
        session.facts.counters &= ~one.counter;
        miss(session, one.counter, -EOPNOTSUPP);
    }
    return 0;
}

int open_msr(krunc_session &session)
{
    session.msr = {};
    if ((session.options.flags & (KRUNC_RENDEZVOUS | KRUNC_SKIP_NOHZ_FULL | KRUNC_IDLE_SNAPSHOT)) != 0)
        return -EOPNOTSUPP;
    const unsigned cpus = session.facts.possible_cpus;
    session.msr.fds = static_cast<int *>(std::malloc(cpus * sizeof(int)));
    if (session.msr.fds == nullptr)
        return -ENOMEM;
    for (unsigned cpu = 0; cpu < cpus; cpu++)
        session.msr.fds[cpu] = -1;
    session.facts.counters = session.options.counters & registers_of(session.machine);
    miss(session, session.options.counters & ~session.facts.counters, -EOPNOTSUPP);
    if (session.options.scope == KRUNC_SCOPE_CPUS) {
        for (std::uint32_t i = 0; i < session.facts.readings; i++) {
            if (const int error = open_cpu(session, session.cpus[i]))
                return error;
        }
    } else {
        for (unsigned cpu = 0; cpu < cpus; cpu++) {
            if (const int error = open_cpu(session, cpu))
                return error;
        }
    }
    if (session.facts.counters == 0)
        return (session.options.counters & (frequency | of_intel)) != 0 ? -ENODEV : -EOPNOTSUPP;
    use_sampler<read_msr>(session);
    return 0;
}

void close_msr(krunc_session &session)
{
    for (unsigned cpu = 0; session.msr.fds != nullptr && cpu < session.facts.possible_cpus; cpu++) {
        if (session.msr.fds[cpu] >= 0)
            close(session.msr.fds[cpu]);
    }
    std::free(session.msr.fds);
}

} // namespace

const Way msr_way = {open_msr, close_msr};

} // namespace krunc
