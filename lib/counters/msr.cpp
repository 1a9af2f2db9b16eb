// SPDX-License-Identifier: MIT
// /dev/cpu/N/msr: root reads registers of any CPU, one pread(2) each. What counts core cycles belongs to perf, and is
// not looked at.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

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

void store(krunc_reading &reading, std::uint32_t counter, std::uint64_t value)
{
    const auto low = static_cast<std::uint32_t>(value);
    if (counter == KRUNC_APERF)
        reading.aperf = value;
    else if (counter == KRUNC_MPERF)
        reading.mperf = value;
    else if (counter == KRUNC_SMI)
        reading.smi = low;
    else if (counter == KRUNC_THERMAL)
        reading.thermal = low;
    else
        reading.package_thermal = low;
}

// How many registers were read.
unsigned read_cpu(const krunc_session &session, krunc_reading &reading, std::uint32_t cpu)
{
    unsigned calls = 0;
    const int fd = cpu < session.facts.possible_cpus ? session.msr.fds[cpu] : -1;
    write_reading(session, reading, cpu, fd < 0 ? KRUNC_OFFLINE : KRUNC_OK, 0);
    reading.tsc = time_stamp();
    if (fd < 0)
        return 0;
    for (const Register &one : registers) {
        std::uint64_t value = 0;
        if ((session.facts.counters & one.counter) == 0)
            continue;
        if (pread(fd, &value, sizeof(value), one.number) != sizeof(value)) {
            write_reading(session, reading, cpu, errno == ENXIO || errno == ENODEV ? KRUNC_OFFLINE : KRUNC_UNSUPPORTED,
                          0);
            return calls;
        }
        calls++;
        store(reading, one.counter, value);
        reading.valid |= one.counter;
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

// A virtual machine may answer with 0 for a register that it does not have: CPUID decides.
std::uint32_t registers_of(const Machine &machine)
{
    std::uint32_t had = machine.has_aperf ? KRUNC_APERF | KRUNC_MPERF : 0;
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
    char path[40];
    std::snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
    session.msr.fds[cpu] = open(path, O_RDONLY | O_CLOEXEC);
    if (session.msr.fds[cpu] < 0)
        return errno == ENXIO ? 0 : -errno; // offline
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
            const int error = session.machine.online.has(cpu) ? open_cpu(session, cpu) : 0;
            if (error != 0)
                return error;
        }
    }
    if (session.facts.counters == 0)
        return -EOPNOTSUPP;
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
