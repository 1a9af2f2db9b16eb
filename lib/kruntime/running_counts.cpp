// SPDX-License-Identifier: MIT
#include "running_counts.hpp"

#include <cstring>

#include "kruntime.h"

namespace krun
{

RunningCounts::RunningCounts(const krunc_facts &facts)
    : facts_(facts), previous_(static_cast<krunc_sample *>(krun_xcalloc(1, facts.sample_size))),
      counts_(static_cast<CoreCounts *>(krun_xcalloc(facts.readings, sizeof(CoreCounts))))
{
}

std::optional<Obstacle> RunningCounts::advance(const krunc_sample &sample, Break at_break)
{
    for (uint32_t core = 0; core < cores(); ++core) {
        const krunc_reading &reading = *krunc_const_reading_at(&sample, core);
        if ((reading.valid & counters) != counters)
            return Obstacle{reading.cpu, krunc_status_name(reading.status)};
        if (!has_previous_)
            continue;
        krunc_delta delta{};
        delta.size = sizeof(delta);
        const int error = krunc_difference(&facts_, previous_.get(), &sample, core, 0, &delta);
        if (error == 0 && (delta.valid & counters) == counters) {
            counts_[core].core_cycles += delta.cycles;
            counts_[core].aperf += delta.aperf;
            counts_[core].mperf += delta.mperf;
        } else if ((delta.quality & KRUNC_Q_TORN) != 0) {
            return Obstacle{reading.cpu, "two threads measured at once"};
        } else if (at_break == Break::is_an_error) {
            return Obstacle{reading.cpu,
                            "its counters did not count through: it was offline, the machine was suspended, "
                            "or perf took one of them"};
        }
    }
    std::memcpy(previous_.get(), &sample, facts_.sample_size);
    has_previous_ = true;
    return std::nullopt;
}

} // namespace krun
