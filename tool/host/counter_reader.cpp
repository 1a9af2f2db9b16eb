// SPDX-License-Identifier: MIT
#include "host/counter_reader.hpp"

#include <cerrno>

namespace krun
{

namespace
{

constexpr int attempts = 3; // of a call during which a CPU went offline

} // namespace

int reached_by_calls(const std::vector<int> &online)
{
    int cpus = 0;
    while (static_cast<std::size_t>(cpus) < online.size() && online[static_cast<std::size_t>(cpus)] == cpus)
        cpus++;
    return cpus;
}

// Without the calls or with CPU 0 offline there is only the device to talk about, if that is there.
int error_that_tells_more(int calls, int device)
{
    return (calls == ENOSYS || calls == ENXIO) && device != ENOENT ? device : calls;
}

int CounterReader::read_by_calls(CounterReading &reading)
{
    int error = ENXIO;
    for (int attempt = 0; attempt < attempts && error == ENXIO; attempt++) {
        const std::vector<int> online = host_.online_cpus();
        const int cpus = reached_by_calls(online);
        if (cpus == 0)
            return ENXIO;
        error = 0;
        if (cpus > configured_) {
            error = host_.configure_counters(cpus);
            configured_ = error == 0 ? cpus : configured_;
        }
        if (error == 0)
            error = host_.read_counters(cpus, reading);
        if (error != 0)
            continue;
        for (const int cpu : online)
            if (cpu >= cpus)
                reading[cpu].error = ENODATA;
        for (const int cpu : seen_)
            if (!reading.contains(cpu))
                reading[cpu].error = ENXIO;
    }
    return error;
}

int CounterReader::read_raw(CounterReading &reading)
{
    reading.clear();
    if (by_device_)
        return host_.sample_device(reading);
    return read_by_calls(reading);
}

int CounterReader::start()
{
    by_device_ = true;
    const int of_device = read_raw(start_);
    if (of_device != 0) {
        by_device_ = false;
        if (const int of_calls = read_raw(start_); of_calls != 0)
            return error_that_tells_more(of_calls, of_device);
    }
    CounterReading reading = start_;
    start_.clear();
    count_from_start(reading);
    return 0;
}

void CounterReader::count_from_start(CounterReading &reading)
{
    for (auto reading_of = reading.begin(); reading_of != reading.end();) {
        auto &[cpu, now] = *reading_of;
        if (now.error == ENXIO && !seen_.contains(cpu)) {
            reading_of = reading.erase(reading_of);
            continue;
        }
        ++reading_of;
        if (now.error != 0) {
            start_.erase(cpu);
            continue;
        }
        seen_.insert(cpu);
        CpuReading &start = start_.try_emplace(cpu, now).first->second;
        // It was offline for an instant, and began anew.
        if (now.aperf < start.aperf || now.mperf < start.mperf || now.cycles < start.cycles)
            start = now;
        now = {now.aperf - start.aperf, now.mperf - start.mperf, now.cycles - start.cycles, 0};
    }
}

int CounterReader::read(CounterReading &reading)
{
    const int error = read_raw(reading);
    if (error == 0)
        count_from_start(reading);
    return error;
}

} // namespace krun
