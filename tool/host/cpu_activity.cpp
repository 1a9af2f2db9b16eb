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

template <class T> std::optional<T> given(bool is, T value) { return is ? std::optional<T>(value) : std::nullopt; }

double interrupts_of(const krunc_delta &delta)
{
    return static_cast<double>(delta.irq_timer) + delta.irq_reschedule + delta.irq_call + delta.irq_device +
           delta.irq_nmi + delta.irq_other;
}

} // namespace

std::vector<CounterDecrease> decreases_between(const SampleMemory &before, const SampleMemory &after)
{
    std::vector<CounterDecrease> found;
    const auto readings = std::min(before.sample()->readings, after.sample()->readings);
    for (std::uint32_t index = 0; index < readings; index++) {
        const auto &then = *krunc_const_reading_at(before.sample(), index);
        const auto &now = *krunc_const_reading_at(after.sample(), index);
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

Result<SampleMemory> ActivityMeter::sample()
{
    SampleMemory memory(source_.facts().sample_size);
    auto renewed = source_.sample(memory);
    if (!renewed)
        return tl::unexpected(std::move(renewed.error()));
    if (*renewed)
        before_.reset();
    for (std::uint32_t index = 0; index < memory.sample()->readings; index++) {
        if (const auto &reading = *krunc_const_reading_at(memory.sample(), index); has_values(reading))
            seen_.insert(reading.cpu);
    }
    return memory;
}

Result<void> ActivityMeter::start()
{
    auto first = sample();
    if (!first)
        return tl::unexpected(std::move(first.error()));
    if (!started_ns_)
        started_ns_ = first->sample()->clock;
    before_ = std::move(*first);
    return {};
}

Result<bool> ActivityMeter::follow()
{
    auto renewed = source_.renew();
    if (!renewed || !*renewed)
        return renewed;
    if (auto started = start(); !started)
        return tl::unexpected(std::move(started.error()));
    return true;
}

CpuActivity ActivityMeter::activity_of(const SampleMemory &now, std::uint32_t index) const
{
    const auto &reading = *krunc_const_reading_at(now.sample(), index);
    CpuActivity activity;
    activity.cpu = reading.cpu;
    activity.status = krunc_status_name(reading.status);
    krunc_delta delta{};
    delta.size = sizeof(delta);
    if (!before_ || krunc_difference(&source_.facts(), before_->sample(), now.sample(), index, 0, &delta) != 0)
        return activity;
    if (has_values(reading) && (delta.quality & (KRUNC_Q_EPOCH | KRUNC_Q_OFFLINE)) != 0)
        activity.status = "restarted";
    activity.seconds = given((delta.derived & KRUNC_D_TIME) != 0, delta.seconds);
    activity.frequency_hz = given((delta.derived & KRUNC_D_FREQUENCY) != 0, delta.frequency);
    activity.busy_share = given((delta.derived & KRUNC_D_BUSY) != 0, delta.busy);
    activity.aperf_mperf_ratio = given((delta.derived & KRUNC_D_RATIO) != 0, delta.ratio);
    activity.ratio_error = given((delta.derived & KRUNC_D_RATIO) != 0, delta.ratio_error);
    const double seconds = activity.seconds.value_or(0);
    activity.interrupts_per_second =
        given((delta.valid & KRUNC_INTERRUPTS) != 0 && seconds > 0, interrupts_of(delta) / seconds);
    activity.switches_per_second = given((delta.valid & KRUNC_SWITCHES) != 0 && seconds > 0, delta.switches / seconds);
    activity.aperf = given((delta.valid & KRUNC_APERF) != 0, delta.aperf);
    activity.mperf = given((delta.valid & KRUNC_MPERF) != 0, delta.mperf);
    activity.cycles = given((delta.valid & KRUNC_CYCLES) != 0, delta.cycles);
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
        activity.cpu = cpu;
        activity.status = status;
        cpus.insert(place, std::move(activity));
    }
}

Result<ActivityReading> ActivityMeter::read()
{
    auto now = sample();
    if (!now)
        return tl::unexpected(std::move(now.error()));
    const krunc_sample &header = *now->sample();
    ActivityReading reading;
    reading.number = ++number_;
    if ((header.valid & KRUNC_CLOCK) != 0)
        reading.elapsed_seconds = static_cast<double>(header.clock - started_ns_.value_or(header.clock)) / 1e9;
    reading.way = krunc_way_name(source_.facts().way);
    reading.virtual_machine = (source_.facts().features & KRUNC_FEATURE_VIRTUAL) != 0;
    for (std::uint32_t index = 0; index < header.readings; index++) {
        // One that has been offline all the time is as if it were not there.
        const auto &one = *krunc_const_reading_at(&header, index);
        if (one.status != KRUNC_EMPTY && (one.status != KRUNC_OFFLINE || seen_.contains(one.cpu)))
            reading.cpus.push_back(activity_of(*now, index));
    }
    add_unread(reading.cpus);
    if (before_)
        reading.decreases = decreases_between(*before_, *now);
    for (const CounterDecrease &decrease : reading.decreases) {
        for (CpuActivity &activity : reading.cpus)
            activity.status = activity.cpu == decrease.cpu ? "decreased" : activity.status;
    }
    before_ = std::move(*now);
    return reading;
}

} // namespace krun
