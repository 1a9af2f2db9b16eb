// SPDX-License-Identifier: MIT
#include "fakes/fake_counters.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <utility>

namespace krun
{

namespace
{

constexpr std::uint64_t tsc_hz = 1'000'000'000;

} // namespace

FakeCounters::FakeCounters(unsigned cpus)
{
    known.size = sizeof(known);
    known.way = KRUNC_WAY_DEVICE;
    known.tsc_hz = tsc_hz;
    for (unsigned cpu = 0; cpu < cpus; cpu++) {
        krunc_reading reading{};
        reading.cpu = cpu;
        reading.status = KRUNC_OK;
        reading.valid = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INTERRUPTS | KRUNC_SWITCHES;
        reading.epoch = 1;
        reading.aperf = reading.mperf = reading.cycles = 1'000'000;
        readings.push_back(reading);
    }
}

void FakeCounters::advance(unsigned cpu, std::uint64_t aperf, std::uint64_t mperf, std::uint64_t cycles)
{
    if (std::none_of(readings.begin(), readings.end(), [&](const auto &reading) { return reading.cpu == cpu; }))
        ADD_FAILURE() << "no reading of CPU " << cpu << " could advance";
    speeds_[cpu] = {aperf, mperf, cycles};
}

const krunc_facts &FakeCounters::facts()
{
    known.readings = static_cast<std::uint32_t>(readings.size());
    known.sample_size = sizeof(krunc_sample) + readings.size() * sizeof(krunc_reading);
    return known;
}

Result<bool> FakeCounters::renew() { return std::exchange(changed, false); }

Result<bool> FakeCounters::sample(krunc::Sample &sample)
{
    before_sample();
    if (broken)
        return host_lacks("the counters cannot be read", "mend it");
    seconds_++;
    for (auto &reading : readings) {
        reading.tsc += tsc_hz;
        if (const auto speed = speeds_.find(reading.cpu); speed != speeds_.end()) {
            reading.aperf += speed->second.aperf;
            reading.mperf += speed->second.mperf;
            reading.cycles += speed->second.cycles;
        }
    }
    sample = krunc::Sample(facts().sample_size);
    sample.raw()->readings = static_cast<std::uint32_t>(readings.size());
    sample.raw()->valid = KRUNC_CLOCK;
    sample.raw()->clock = seconds_ * 1'000'000'000;
    std::copy(readings.begin(), readings.end(), krunc_reading_at(sample.raw(), 0));
    return std::exchange(gone, false);
}

} // namespace krun
