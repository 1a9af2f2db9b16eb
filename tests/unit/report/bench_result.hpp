// SPDX-License-Identifier: MIT
// What a bench of a machine with two ways has found, for tests of its reports.
#pragma once

#include <numeric>

#include "report/bench_report.hpp"

namespace krun
{

// Readings of `first` ticks, of one more, and so on.
inline Distribution readings_from(std::uint64_t first, std::uint64_t count)
{
    std::vector<std::uint64_t> ticks(count);
    std::iota(ticks.begin(), ticks.end(), first);
    return distribution_of(std::move(ticks));
}

inline BenchResult some_bench()
{
    BenchResult result;
    result.machine.kernel = "6.12.1";
    result.machine.cpu_model = "Some CPU";
    result.machine.online = {0, 1, 2, 3};
    result.machine.mitigations = {{"meltdown", "Mitigation: PTI"}};
    result.cpu = 3;
    result.readings = 1000;
    result.tsc_hz = 2'000'000'000;
    result.tsc_invariant = true;

    BenchRow call;
    call.name = "system call";
    call.what = "getppid(2)";
    call.cost.ticks = readings_from(200, 1000);
    result.baselines.push_back(call);

    BenchRow device;
    device.way = KRUNC_WAY_DEVICE;
    device.name = "device";
    device.scope = "CPUs";
    device.cpus = 4;
    device.counters = {"APERF", "MPERF"};
    device.cost.ticks = readings_from(4001, 1000);
    device.cost.others = OtherCpus{
        100, 400'000, {{"CAL", "calls", 310}, {"LOC", "timer", 20}}, {{"CAL", "calls", 10}, {"LOC", "timer", 20}}};
    result.ways.push_back(device);

    BenchRow msr;
    msr.way = KRUNC_WAY_MSR;
    msr.name = "msr";
    msr.scope = "thread";
    msr.counters = {"APERF"};
    msr.cost.ticks = readings_from(90'000, 20);
    msr.cost.fewer = true;
    result.ways.push_back(msr);

    result.missing.push_back({{KRUNC_WAY_PERF, KRUNC_SCOPE_CPUS, 0}, "no permission", "be root"});
    return result;
}

} // namespace krun
