// SPDX-License-Identifier: MIT
// What a reading costs: pairs of samples with nothing between them. The least of all is the cost when nothing
// intervenes; the median, what is usual.
#include "calibration.hpp"

#include <cerrno>
#include <cstdlib>
#include <initializer_list>

#include "counter_masks.hpp"
#include "session.hpp"

namespace krunc
{

namespace
{

constexpr unsigned pairs = 31;
constexpr std::uint32_t told = wide & ~own_events;

struct Pairs {
    std::uint32_t valid;
    unsigned count;
    std::uint64_t ticks[pairs], aperf[pairs], mperf[pairs], cycles[pairs], instructions[pairs];
};

int by_value(const void *a, const void *b)
{
    const auto left = *static_cast<const std::uint64_t *>(a);
    const auto right = *static_cast<const std::uint64_t *>(b);
    return left < right ? -1 : left > right ? 1 : 0;
}

const krunc_reading *of_caller(const krunc_session &session, const krunc_sample &sample)
{
    for (std::uint32_t i = 0; i < session.facts.readings; i++) {
        const krunc_reading *reading = krunc_const_reading_at(&sample, i);
        if (reading->cpu == sample.cpu)
            return reading;
    }
    return nullptr;
}

void add(const krunc_session &session, const krunc_sample &before, const krunc_sample &after, Pairs &all)
{
    const krunc_reading *a = of_caller(session, before);
    const krunc_reading *b = of_caller(session, after);
    if (before.cpu != after.cpu || a == nullptr || b == nullptr || a->epoch != b->epoch || a->status != KRUNC_OK ||
        b->status != KRUNC_OK)
        return;
    const unsigned i = all.count++;
    all.valid &= a->valid & b->valid;
    all.ticks[i] = after.edge - before.edge;
    all.aperf[i] = b->aperf - a->aperf;
    all.mperf[i] = b->mperf - a->mperf;
    all.cycles[i] = b->cycles - a->cycles;
    all.instructions[i] = b->instructions - a->instructions;
}

void tell(Pairs &all, unsigned which, krunc_cost &cost)
{
    cost.valid = all.valid;
    cost.pairs = all.count;
    cost.ticks = all.ticks[which];
    cost.aperf = all.aperf[which];
    cost.mperf = all.mperf[which];
    cost.cycles = all.cycles[which];
    cost.instructions = all.instructions[which];
}

} // namespace

// The cost is that of a sample as it sees itself: from the counters' reading at one end to that at the other.
int calibrate(krunc_session &session)
{
    auto *before = static_cast<krunc_sample *>(std::calloc(2, session.sample_size));
    if (before == nullptr)
        return -ENOMEM;
    auto *after = reinterpret_cast<krunc_sample *>(reinterpret_cast<char *>(before) + session.sample_size);
    Pairs all{};
    all.valid = told;
    int error = 0;
    for (unsigned i = 0; i < pairs && error == 0; i++) {
        error = session.plain_begin(&session, before);
        if (error == 0)
            error = session.plain_end(&session, after);
        if (error == 0)
            add(session, *before, *after, all);
    }
    std::free(before);
    if (error != 0 || all.count == 0)
        return error;
    for (std::uint64_t *values : {all.ticks, all.aperf, all.mperf, all.cycles, all.instructions})
        std::qsort(values, all.count, sizeof(*values), by_value);
    tell(all, 0, session.facts.least);
    tell(all, all.count / 2, session.facts.median);
    return 0;
}

} // namespace krunc
