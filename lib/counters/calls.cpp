// SPDX-License-Identifier: MIT
// The system calls of the first Krun kernel: APERF, MPERF and core cycles of the CPUs 0 to n - 1.
//
// The counts are since this process's last krun_reset_msrs(), if it has called that: a difference is the same either
// way, as long as nobody resets in between; then a value gets smaller, and the difference says that its epoch has
// changed.
#include <cerrno>
#include <cstdlib>
#include <sys/syscall.h>
#include <unistd.h>

#include <krun-syscall.h>

#include "counter_masks.hpp"
#include "sampling.hpp"

namespace krunc
{

namespace
{

constexpr std::uint32_t had = frequency | KRUNC_CYCLES;

// Core cycles are read next to the measured code, last before it and first after it, as Krun's own client does: so the
// least of the samples themselves is counted with it.
template <bool cycles_first> int read_calls(krunc_session &session, krunc_sample &sample)
{
    const CallsState &calls = session.calls;
    std::uint64_t *aperfs = calls.values;
    std::uint64_t *mperfs = aperfs + calls.cpus;
    std::uint64_t *cycles = mperfs + calls.cpus;
    const std::uint64_t start = time_stamp();
    if (syscall(SYSCALL_KRUN_READ_MSRS, calls.cpus, cycles_first, aperfs, mperfs, cycles) != 0)
        return -errno;
    const std::uint32_t span = span_since(start); // when a CPU was read in it is not known
    sample.cpu = current_cpu();
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        krunc_reading &reading = *krunc_reading_at(&sample, i);
        const std::uint32_t cpu = session.cpus[i];
        write_reading(reading, cpu, KRUNC_OK, session.facts.counters & had);
        reading.span = span;
        reading.tsc = start;
        reading.aperf = aperfs[cpu];
        reading.mperf = mperfs[cpu];
        reading.cycles = cycles[cpu];
        session.own_calls[i] += cpu != sample.cpu ? 1 : 0;
    }
    return 0;
}

int open_calls(krunc_session &session)
{
    session.calls = {};
    if (session.options.scope != KRUNC_SCOPE_CPUS ||
        (session.options.flags & (KRUNC_RENDEZVOUS | KRUNC_SKIP_NOHZ_FULL | KRUNC_IDLE_SNAPSHOT)) != 0)
        return -EOPNOTSUPP;
    const std::uint32_t counters = session.options.counters & had;
    miss(session, session.options.counters & ~had, -EOPNOTSUPP);
    // What they take, they keep until the process ends: not for a session that will not be.
    const std::uint32_t from_elsewhere = beside | KRUNC_INTERRUPTS;
    if (counters == 0 || (session.options.required & ~(had | from_elsewhere)) != 0)
        return -EOPNOTSUPP;
    for (std::uint32_t i = 0; i < session.facts.readings; i++)
        session.calls.cpus = session.cpus[i] + 1 > session.calls.cpus ? session.cpus[i] + 1 : session.calls.cpus;
    session.calls.values = static_cast<std::uint64_t *>(std::calloc(session.calls.cpus, 3 * sizeof(std::uint64_t)));
    if (session.calls.values == nullptr)
        return -ENOMEM;
    if (syscall(SYSCALL_KRUN_CONFIGURE, session.calls.cpus) != 0)
        return errno == EOPNOTSUPP ? -ENODEV : -errno;
    session.facts.counters = counters;
    use_sampler<read_calls<false>, read_calls<true>>(session);
    return 0;
}

void close_calls(krunc_session &session) { std::free(session.calls.values); }

} // namespace

const Way calls_way = {open_calls, close_calls};

} // namespace krunc
