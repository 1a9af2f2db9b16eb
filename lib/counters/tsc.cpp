// SPDX-License-Identifier: MIT
// What every machine has: the time stamp counter, and what can be read beside the counters.
#include <cerrno>

#include "sampling.hpp"

namespace krunc
{

namespace
{

int read_tsc(krunc_session &session, krunc_sample &sample)
{
    sample.cpu = current_cpu();
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        krunc_reading &reading = *krunc_reading_at(&sample, i);
        write_reading(reading, session.options.scope == KRUNC_SCOPE_THREAD ? sample.cpu : session.cpus[i], KRUNC_OK);
        reading.tsc = time_stamp(); // of the caller's CPU
    }
    return 0;
}

int open_tsc(krunc_session &session)
{
    if ((session.options.flags & (KRUNC_RENDEZVOUS | KRUNC_SKIP_NOHZ_FULL | KRUNC_IDLE_SNAPSHOT)) != 0)
        return -EOPNOTSUPP;
    session.facts.counters = 0;
    miss(session, session.options.counters, -EOPNOTSUPP);
    use_sampler<read_tsc>(session);
    return 0;
}

void close_tsc(krunc_session &) {}

} // namespace

const Way tsc_way = {open_tsc, close_tsc};

} // namespace krunc
