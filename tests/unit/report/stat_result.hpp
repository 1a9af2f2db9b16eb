// SPDX-License-Identifier: MIT
// Results of krunctl stat for tests of its reports.
#pragma once

#include <string>
#include <vector>

#include "report/stat_report.hpp"

namespace krun
{

// A CPU with all that can be counted.
inline krunc_delta full_delta(std::uint32_t cpu)
{
    krunc_delta delta{};
    delta.size = sizeof(delta);
    delta.cpu = cpu;
    delta.status = KRUNC_OK;
    delta.valid = KRUNC_APERF | KRUNC_MPERF | KRUNC_CYCLES | KRUNC_INSTRUCTIONS | KRUNC_SMI | KRUNC_INTERRUPTS |
                  KRUNC_SWITCHES | KRUNC_CLOCK;
    delta.derived = KRUNC_D_TIME | KRUNC_D_RATIO | KRUNC_D_FREQUENCY | KRUNC_D_BUSY;
    delta.aperf = 2600;
    delta.mperf = 2000;
    delta.cycles = 2'600'100;
    delta.instructions = 1'234'567;
    delta.switches = 11;
    delta.irq_timer = 3;
    delta.irq_device = 4;
    delta.own = 100;
    delta.seconds = 2;
    delta.ratio = 1.3;
    delta.frequency = 2.6e9;
    delta.busy = 0.25;
    return delta;
}

inline StatRun stat_run(double seconds, std::optional<krunc_verdict_kind> kind = KRUNC_CLEAN)
{
    StatRun one;
    one.run.windows = 1;
    one.run.seconds = seconds;
    one.run.user_seconds = 1.5;
    one.run.system_seconds = 0.25;
    one.run.bound = {1};
    one.run.deltas = {full_delta(0), full_delta(1)};
    one.verdict.kind = kind;
    if (!kind)
        one.verdict.why_not = "the command was not bound";
    return one;
}

inline StatResult stat_result(std::vector<StatRun> runs)
{
    StatResult result;
    result.facts.size = sizeof(result.facts);
    result.facts.way = KRUNC_WAY_DEVICE;
    result.facts.counters = full_delta(0).valid;
    result.command = {{"/opt/bench", "--size", "3"}, std::move(runs)};
    return result;
}

// The command said nothing.
inline StatRun unmeasured_run()
{
    auto one = stat_run(0, std::nullopt);
    one.run.windows = 0;
    one.run.deltas.clear();
    return one;
}

} // namespace krun
