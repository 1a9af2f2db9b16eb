// SPDX-License-Identifier: MIT
// krunc_read(): one counter of the calling thread, as fast as it can be read.
#include <cerrno>

#include "perf_group.hpp"
#include "thread_counter.hpp"

using namespace krunc;

namespace
{

// The event is on no hardware counter at this moment, or RDPMC is not allowed.
__attribute__((noinline, cold)) int read_slowly(const krunc_session &session, std::uint32_t counter,
                                                std::uint64_t &value)
{
    if (session.options.scope != KRUNC_SCOPE_THREAD || session.way != &perf_way)
        return -EOPNOTSUPP;
    if ((session.facts.features & KRUNC_FEATURE_RDPRU) != 0 && (counter == KRUNC_APERF || counter == KRUNC_MPERF)) {
        value = rdpru(counter == KRUNC_APERF ? 1 : 0);
        return 0;
    }
    for (unsigned which = 0; which < session.perf.group_count; which++) {
        const PerfGroup &group = session.perf.groups[which];
        for (unsigned i = 0; i < group.count; i++) {
            if (group.counters[i] != counter)
                continue;
            PerfValues values;
            int error = 0;
            if (!read_group(group, values, error))
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
    if (session == nullptr || value == nullptr || counter == 0 || (counter & (counter - 1)) != 0)
        return -EINVAL;
    const auto bit = static_cast<unsigned>(__builtin_ctz(counter));
    if (bit >= perf_pages)
        return -EOPNOTSUPP;
    // Null in sessions of other ways and scopes.
    const void *page = session->thread_pages[bit];
    if (page != nullptr && read_thread_counter(page, *value))
        return 0;
    return read_slowly(*session, counter, *value);
}
