// SPDX-License-Identifier: MIT
// krunc_read(): one counter of the calling thread, as fast as it can be read.
#include <cerrno>

#include <krun/thread_counter.h>

#include "perf_group.hpp"
#include "rdpru.hpp"

using namespace krunc;

namespace
{

// The event is on no hardware counter at this moment, or RDPMC is not allowed.
__attribute__((noinline, cold)) int read_slowly(const krunc_session &session, std::uint32_t counter,
                                                std::uint64_t &value)
{
    if (counter == 0 || (counter & (counter - 1)) != 0)
        return -EINVAL;
    if (session.options.scope != KRUNC_SCOPE_THREAD || session.way != &perf_way)
        return -EOPNOTSUPP;
    if ((session.facts.features & KRUNC_FEATURE_RDPRU) != 0 && (counter == KRUNC_APERF || counter == KRUNC_MPERF)) {
        value = rdpru(counter == KRUNC_APERF ? 1 : 0);
        return 0;
    }
    for (unsigned which = 0; which < thread_groups; which++) {
        const PerfGroup &group = session.perf.thread[which];
        for (unsigned i = 0; i < group.count; i++) {
            if (group.counters[i] != counter)
                continue;
            PerfValues values;
            int error = 0;
            if (read_group(group, values, error) != GroupState::counts)
                return error != 0 ? error : -EBUSY;
            value = values.values[i];
            return 0;
        }
    }
    return -EOPNOTSUPP;
}

} // namespace

int krunc_read(krunc_session *session, std::uint32_t counter, std::uint64_t *value)
{
    if (session == nullptr)
        return -EINVAL;
    if (value == nullptr || counter == 0)
        return -EINVAL;
    // What is no single counter is not what its lowest bit leads to.
    const krunc_thread_counter &one = session->thread_counters[static_cast<unsigned>(__builtin_ctz(counter)) % 32];
    if (one.counter == counter && krunc_read_in_place(&one, value) != 0)
        return 0;
    return read_slowly(*session, counter, *value);
}

int krunc_get_thread_counter(const krunc_session *session, std::uint32_t counter, krunc_thread_counter *found)
{
    if (session == nullptr || found == nullptr || counter == 0 || (counter & (counter - 1)) != 0)
        return -EINVAL;
    *found = session->thread_counters[__builtin_ctz(counter)];
    return found->page != nullptr ? 0 : -EOPNOTSUPP;
}
