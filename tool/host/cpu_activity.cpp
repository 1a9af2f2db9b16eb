// SPDX-License-Identifier: MIT
// What CPUs did between two samples; see cpu_activity.hpp.
#include "host/cpu_activity.hpp"

#include <algorithm>
#include <array>

namespace krun
{
namespace
{

// Those that are wide enough never to wrap.
struct WideCounter {
    std::uint32_t bit;
    std::uint64_t krunc_reading::*value;
};
constexpr std::array wide_counters = {
    WideCounter{KRUNC_APERF, &krunc_reading::aperf}, WideCounter{KRUNC_MPERF, &krunc_reading::mperf},
    WideCounter{KRUNC_CYCLES, &krunc_reading::cycles}, WideCounter{KRUNC_INSTRUCTIONS, &krunc_reading::instructions}};

bool has_values(const krunc_reading &reading) { return reading.status == KRUNC_OK || reading.status == KRUNC_IDLE; }

std::optional<double> per_second(const krunc_delta &delta, std::uint32_t counter, double count)
{
    if ((delta.valid & counter) == 0 || (delta.derived & KRUNC_D_TIME) == 0 || delta.seconds <= 0)
        return {};
    return count / delta.seconds;
}

} // namespace

std::uint64_t interrupts_of(const krunc_delta &delta)
{
    return krunc::Interrupts{delta.irq_timer, delta.irq_reschedule, delta.irq_call, delta.irq_device,
                             delta.irq_nmi,   delta.irq_other,      delta.own,      delta.sampled_by_others}
        .total();
}

std::optional<double> interrupts_per_second(const krunc_delta &delta)
{
    return per_second(delta, KRUNC_INTERRUPTS, static_cast<double>(interrupts_of(delta)));
}

std::optional<double> switches_per_second(const krunc_delta &delta)
{
    return per_second(delta, KRUNC_SWITCHES, delta.switches);
}

std::vector<CounterDecrease> decreases_between(const krunc::Sample &before, const krunc::Sample &after)
{
    std::vector<CounterDecrease> found;
    const auto readings = std::min(before.readings().size(), after.readings().size());
    for (std::size_t index = 0; index < readings; index++) {
        const krunc_reading &then = before.readings()[index];
        const krunc_reading &now = after.readings()[index];
        if (!has_values(then) || !has_values(now) || then.epoch != now.epoch)
            continue;
        for (const WideCounter &counter : wide_counters) {
            if ((then.valid & now.valid & counter.bit) != 0 && now.*counter.value < then.*counter.value)
                found.push_back({now.cpu, krunc_counter_name(counter.bit), then.*counter.value, now.*counter.value});
        }
        if (now.tsc < then.tsc)
            found.push_back({now.cpu, "tsc", then.tsc, now.tsc});
    }
    return found;
}

Result<krunc::Sample> ActivityMeter::sample()
{
    krunc::Sample sample(source_.facts().sample_size);
    auto renewed = TRY(source_.sample(sample));
    if (renewed)
        before_.reset();
    for (const krunc_reading &reading : sample.readings())
        if (has_values(reading))
            seen_.insert(reading.cpu);
    return sample;
}

Result<void> ActivityMeter::start()
{
    auto first = TRY(sample());
    if (!started_ns_)
        started_ns_ = first.raw()->clock;
    before_ = std::move(first);
    return {};
}

Result<bool> ActivityMeter::follow()
{
    auto renewed = source_.renew();
    if (!renewed || !*renewed)
        return renewed;
    TRY(start());
    return true;
}

CpuActivity ActivityMeter::activity_of(const krunc::Sample &now, std::uint32_t index) const
{
    const krunc_reading &reading = now.readings()[index];
    CpuActivity activity;
    activity.cpu = reading.cpu;
    activity.status = krunc_status_name(reading.status);
    activity.delta.raw().cpu = reading.cpu;
    krunc_delta delta = activity.delta.raw();
    if (!before_ || krunc_difference(&source_.facts(), before_->raw(), now.raw(), index, 0, &delta) != 0)
        return activity;
    if (has_values(reading) && (delta.quality & (KRUNC_Q_EPOCH | KRUNC_Q_OFFLINE)) != 0)
        activity.status = "restarted";
    activity.delta.raw() = delta;
    return activity;
}

// In their places among the others.
void ActivityMeter::add_unread(std::vector<CpuActivity> &cpus) const
{
    auto unread = source_.unread();
    for (const unsigned cpu : seen_)
        unread.try_emplace(cpu, krunc_status_name(KRUNC_OFFLINE));
    for (const auto &[cpu, status] : unread) {
        const auto place = std::lower_bound(cpus.begin(), cpus.end(), cpu,
                                            [](const CpuActivity &one, unsigned number) { return one.cpu < number; });
        if (place != cpus.end() && place->cpu == cpu)
            continue;
        CpuActivity activity;
        activity.cpu = activity.delta.raw().cpu = cpu;
        activity.status = status;
        cpus.insert(place, std::move(activity));
    }
}

Result<ActivityReading> ActivityMeter::read()
{
    auto now = TRY(sample());
    const krunc_sample &header = *now.raw();
    ActivityReading reading;
    reading.number = ++number_;
    if ((header.valid & KRUNC_CLOCK) != 0)
        reading.elapsed_seconds = static_cast<double>(header.clock - started_ns_.value_or(header.clock)) / 1e9;
    reading.facts = source_.facts();
    reading.facts.cpu = nullptr; // it is the session's
    for (std::uint32_t index = 0; index < header.readings; index++) {
        // One that has been offline all the time is as if it were not there.
        const krunc_reading &one = now.readings()[index];
        if (one.status != KRUNC_EMPTY && (one.status != KRUNC_OFFLINE || seen_.contains(one.cpu)))
            reading.cpus.push_back(activity_of(now, index));
    }
    add_unread(reading.cpus);
    if (before_)
        reading.decreases = decreases_between(*before_, now);
    for (const CounterDecrease &decrease : reading.decreases) {
        for (CpuActivity &activity : reading.cpus)
            activity.status = activity.cpu == decrease.cpu ? "decreased" : activity.status;
    }
    before_ = std::move(now);
    return reading;
}

} // namespace krun
