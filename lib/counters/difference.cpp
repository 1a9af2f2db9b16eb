// SPDX-License-Identifier: MIT
// What two samples can say about the time between them. A pure function: nothing is read or remembered.
//
// Theory: a CPU was read at `tsc`, which took it `span` ticks; what is measured begins and ends at the samples' edges,
// on another CPU perhaps. A counter that advances at most r per tick of the TSC cannot be further from what it had
// counted at an edge than r times the distance between edge and reading. Two readings can be subtracted only if nothing
// stopped the counter or began it anew in between, which the kernel tells by an epoch, perf by the time that it has
// counted.
#include <cerrno>
#include <cstdint>

#include <krun/counters.h>

#include "counter_masks.hpp"
#include "sized.hpp"

using namespace krunc;

namespace
{

// No CPU retires more instructions in a cycle: twice the 8 of the widest, as two that are fused count as one there.
constexpr std::uint64_t most_instructions_per_cycle = 16;

// Of IA32_THERM_STATUS and IA32_PACKAGE_THERM_STATUS (SDM volume 4): too hot, PROCHOT#, critical, and the limits of
// power, current and other domains. Each log bit is the one above.
constexpr std::uint32_t throttle_status = 1u << 0 | 1u << 2 | 1u << 4 | 1u << 10 | 1u << 12 | 1u << 14;
constexpr std::uint32_t throttle_log = throttle_status << 1;

// ns. What is less is the time between two clocks' reading.
constexpr std::uint64_t shortest_suspend = 50000000;

struct Ends {
    const krunc_facts &facts;
    const krunc_sample &before;
    const krunc_sample &after;
    const krunc_reading &a;
    const krunc_reading &b;
};

bool was_read(const krunc_reading &reading) { return reading.status == KRUNC_OK || reading.status == KRUNC_IDLE; }

bool is_torn(const krunc_reading &reading)
{
    return (reading.sequence & 1) != 0 || reading.sequence != reading.sequence_after;
}

bool follows_thread(const Ends &ends) { return (ends.a.flags & ends.b.flags & KRUNC_READING_THREAD) != 0; }

// Of the caller, as far as the samples know.
bool has_moved(const Ends &ends)
{
    return ends.before.cpu != ends.after.cpu || (ends.facts.scope == KRUNC_SCOPE_THREAD && ends.a.cpu != ends.b.cpu);
}

bool is_callers_cpu(const Ends &ends)
{
    return ends.before.cpu == ends.b.cpu && ends.after.cpu == ends.b.cpu && ends.a.cpu == ends.b.cpu;
}

std::uint32_t status_of(const Ends &ends)
{
    if (!was_read(ends.a))
        return ends.a.status;
    if (!was_read(ends.b))
        return ends.b.status;
    return ends.a.status == KRUNC_IDLE || ends.b.status == KRUNC_IDLE ? KRUNC_IDLE : KRUNC_OK;
}

// What `wide` counters have in common; false when one has become smaller.
bool subtract_wide(const krunc_reading &a, const krunc_reading &b, krunc_delta &delta)
{
    delta.aperf = b.aperf - a.aperf;
    delta.mperf = b.mperf - a.mperf;
    delta.cycles = b.cycles - a.cycles;
    delta.instructions = b.instructions - a.instructions;
    const auto fits = [&](std::uint32_t counter, std::uint64_t difference) {
        return (delta.valid & counter) == 0 || difference <= static_cast<std::uint64_t>(INT64_MAX);
    };
    bool grown = fits(KRUNC_APERF, delta.aperf) && fits(KRUNC_MPERF, delta.mperf) && fits(KRUNC_CYCLES, delta.cycles) &&
                 fits(KRUNC_INSTRUCTIONS, delta.instructions);
    for (unsigned n = 0; n < KRUNC_EVENTS; n++) {
        delta.events[n] = b.events[n] - a.events[n];
        grown = grown && fits(KRUNC_EVENT(n), delta.events[n]);
    }
    return grown;
}

// Perf counts nothing while its CPU is offline or the machine is suspended, and says for how long it has counted.
bool perf_has_paused(const Ends &ends)
{
    if (ends.facts.way != KRUNC_WAY_PERF || ends.a.running == 0 || ends.b.running == 0 || ends.facts.tsc_hz == 0)
        return false;
    const double passed = static_cast<double>(ends.b.tsc - ends.a.tsc) * 1e9 / static_cast<double>(ends.facts.tsc_hz);
    const double counted = static_cast<double>(ends.b.running) - static_cast<double>(ends.a.running);
    const double off = passed > counted ? passed - counted : counted - passed;
    const double spans = static_cast<double>(ends.a.span) + ends.b.span;
    return off > passed * 0.01 + 100000 + spans * 1e9 / static_cast<double>(ends.facts.tsc_hz);
}

// The differences that there are. Without any, `quality` says why.
void subtract(const Ends &ends, krunc_delta &delta)
{
    const krunc_reading &a = ends.a;
    const krunc_reading &b = ends.b;
    if (!was_read(a) || !was_read(b)) {
        const bool offline = a.status == KRUNC_OFFLINE || b.status == KRUNC_OFFLINE;
        delta.quality |= offline ? KRUNC_Q_OFFLINE : KRUNC_Q_MISSING;
        return;
    }
    if (is_torn(a) || is_torn(b)) {
        delta.quality |= KRUNC_Q_TORN;
        return;
    }
    if (a.cpu != b.cpu && !follows_thread(ends))
        return; // migrated
    delta.valid = a.valid & b.valid & ~beside;
    if (a.cpu != b.cpu && (a.flags & KRUNC_READING_RDPRU) != 0)
        delta.valid &= ~frequency;
    if (a.cpu != b.cpu)
        delta.valid &= ~static_cast<std::uint32_t>(KRUNC_INTERRUPTS | KRUNC_SWITCHES); // the CPUs'
    if (!subtract_wide(a, b, delta) || a.epoch != b.epoch || perf_has_paused(ends) || b.tsc < a.tsc) {
        delta.quality |= KRUNC_Q_EPOCH;
        delta.valid = 0;
        return;
    }
    delta.ticks = b.tsc - a.tsc;
    delta.ticks_least = delta.ticks > a.span ? delta.ticks - a.span : 0;
    delta.ticks_most = delta.ticks + b.span;
    delta.smi = b.smi - a.smi;
    delta.switches = b.switches - a.switches;
    delta.irq_timer = b.irq_timer - a.irq_timer;
    delta.irq_reschedule = b.irq_reschedule - a.irq_reschedule;
    delta.irq_device = b.irq_device - a.irq_device;
    delta.irq_nmi = b.irq_nmi - a.irq_nmi;
    delta.irq_other = b.irq_other - a.irq_other;
    delta.own = b.own - a.own;
    const std::uint32_t calls = b.irq_call - a.irq_call;
    delta.irq_call = calls > delta.own ? calls - delta.own : 0;
    // A sample interrupts no CPU that the caller runs on. Only the device knows about others' samples.
    const bool at_home = is_callers_cpu(ends) || a.sample == 0 || b.sample == 0;
    const std::uint32_t ours = ends.facts.way != KRUNC_WAY_DEVICE ? delta.own : at_home ? 0 : b.sample - a.sample;
    delta.sampled_by_others = delta.own > ours ? delta.own - ours : 0;
}

// An absent member is 0, so that nobody computes with what it may have been.
void clear_absent(krunc_delta &delta)
{
    const auto absent = [&](std::uint32_t counter) { return (delta.valid & counter) == 0; };
    if (absent(KRUNC_APERF))
        delta.aperf = 0;
    if (absent(KRUNC_MPERF))
        delta.mperf = 0;
    if (absent(KRUNC_CYCLES))
        delta.cycles = 0;
    if (absent(KRUNC_INSTRUCTIONS))
        delta.instructions = 0;
    for (unsigned n = 0; n < KRUNC_EVENTS; n++) {
        if (absent(KRUNC_EVENT(n)))
            delta.events[n] = 0;
    }
    if (absent(KRUNC_SMI))
        delta.smi = 0;
    if (absent(KRUNC_SWITCHES))
        delta.switches = 0;
    if (absent(KRUNC_INTERRUPTS)) {
        delta.irq_timer = delta.irq_reschedule = delta.irq_call = delta.irq_device = delta.irq_nmi = delta.irq_other =
            0;
        delta.own = delta.sampled_by_others = 0;
    }
}

void subtract_beside(const Ends &ends, krunc_delta &delta)
{
    std::uint32_t had = ends.before.valid & ends.after.valid & beside;
    const auto may_be_here = [&](std::uint32_t cpu) { return cpu == ends.b.cpu || cpu == KRUNC_NO_CPU; };
    if (ends.facts.scope == KRUNC_SCOPE_CPUS && !may_be_here(ends.before.cpu) && !may_be_here(ends.after.cpu))
        had &= ~static_cast<std::uint32_t>(KRUNC_THREAD_SWITCHES); // it ran elsewhere
    delta.valid |= had;
    if ((had & KRUNC_CLOCK) != 0)
        delta.clock = ends.after.clock - ends.before.clock;
    if ((had & KRUNC_THREAD_SWITCHES) != 0) {
        delta.voluntary = ends.after.voluntary - ends.before.voluntary;
        delta.involuntary = ends.after.involuntary - ends.before.involuntary;
    }
}

void take_cost_off(const Ends &ends, krunc_delta &delta)
{
    const krunc_cost &cost = ends.facts.least;
    if (!is_callers_cpu(ends))
        return;
    const auto take = [&](std::uint32_t counter, std::uint64_t &value, std::uint64_t of_reading) {
        if ((cost.valid & delta.valid & counter) != 0)
            value = value > of_reading ? value - of_reading : 0;
    };
    take(KRUNC_APERF, delta.aperf, cost.aperf);
    take(KRUNC_MPERF, delta.mperf, cost.mperf);
    take(KRUNC_CYCLES, delta.cycles, cost.cycles);
    take(KRUNC_INSTRUCTIONS, delta.instructions, cost.instructions);
}

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

void bound_errors(const Ends &ends, krunc_delta &delta)
{
    if (delta.status == KRUNC_IDLE || (delta.valid & wide) == 0)
        return; // what an idle CPU read is older than the sample, and the counters stood still: no bound follows
    const std::uint64_t ticks =
        distance(ends.a.tsc, ends.before.edge) + ends.a.span + distance(ends.b.tsc, ends.after.edge) + ends.b.span;
    delta.mperf_error = ticks;
    if ((delta.valid & KRUNC_MPERF) != 0)
        delta.derived |= KRUNC_D_MPERF_ERROR;
    if (!(ends.facts.max_ratio > 0))
        return;
    delta.cycles_error = static_cast<std::uint64_t>(static_cast<double>(ticks) * ends.facts.max_ratio) + 1;
    delta.instructions_error = delta.cycles_error * most_instructions_per_cycle;
    if ((delta.valid & (KRUNC_APERF | KRUNC_CYCLES)) != 0)
        delta.derived |= KRUNC_D_CYCLES_ERROR;
    if ((delta.valid & KRUNC_INSTRUCTIONS) != 0)
        delta.derived |= KRUNC_D_INSTRUCTIONS_ERROR;
}

void derive(const Ends &ends, krunc_delta &delta)
{
    const auto hz = static_cast<double>(ends.facts.tsc_hz);
    if (delta.ticks != 0 && hz > 0) {
        delta.seconds = static_cast<double>(delta.ticks) / hz;
        delta.derived |= KRUNC_D_TIME;
    }
    if ((delta.valid & KRUNC_MPERF) == 0)
        return;
    if (delta.ticks != 0) {
        delta.busy = static_cast<double>(delta.mperf) / static_cast<double>(delta.ticks);
        delta.derived |= KRUNC_D_BUSY;
    }
    if ((delta.valid & KRUNC_APERF) == 0 || delta.mperf == 0)
        return;
    delta.ratio = static_cast<double>(delta.aperf) / static_cast<double>(delta.mperf);
    delta.ratio_error = 2 * (static_cast<double>(ends.a.span) + ends.b.span) / static_cast<double>(delta.mperf);
    delta.derived |= KRUNC_D_RATIO;
    if (hz > 0) {
        delta.frequency = delta.ratio * hz;
        delta.derived |= KRUNC_D_FREQUENCY;
    }
}

void judge_throttling(const Ends &ends, krunc_delta &delta)
{
    const std::uint32_t had = delta.valid & (KRUNC_THERMAL | KRUNC_PACKAGE_THERMAL);
    std::uint32_t status = 0;
    std::uint32_t logged = 0;        // between the ends
    std::uint32_t logged_before = 0; // and perhaps again
    const auto look = [&](std::uint32_t counter, std::uint32_t a, std::uint32_t b) {
        if ((had & counter) == 0)
            return;
        status |= (a | b) & throttle_status;
        logged |= ~a & b & throttle_log;
        logged_before |= a & b & throttle_log;
    };
    look(KRUNC_THERMAL, ends.a.thermal, ends.b.thermal);
    look(KRUNC_PACKAGE_THERMAL, ends.a.package_thermal, ends.b.package_thermal);
    delta.throttle = status | logged;
    if (delta.throttle != 0)
        delta.quality |= KRUNC_Q_THROTTLED;
    else if (had == 0 || logged_before != 0)
        delta.unknown |= KRUNC_Q_THROTTLED;
}

// `sibling` of the core, if it was sampled as well.
void judge_sibling(const Ends &ends, krunc_delta &delta)
{
    const std::uint32_t cpu = ends.b.cpu;
    if (ends.facts.cpu == nullptr || cpu >= ends.facts.possible_cpus) {
        delta.unknown |= KRUNC_Q_SIBLING;
        return;
    }
    const std::int32_t sibling = ends.facts.cpu[cpu].sibling;
    if (sibling < 0)
        return;
    for (std::uint32_t i = 0; i < ends.before.readings && i < ends.after.readings; i++) {
        const krunc_reading &a = *krunc_const_reading_at(&ends.before, i);
        const krunc_reading &b = *krunc_const_reading_at(&ends.after, i);
        if (a.cpu != static_cast<std::uint32_t>(sibling) || b.cpu != a.cpu || !was_read(a) || !was_read(b) ||
            (a.valid & b.valid & KRUNC_MPERF) == 0 || a.epoch != b.epoch)
            continue;
        if (delta.ticks == 0 || is_torn(a) || is_torn(b))
            break;
        // More than being sampled takes.
        if (b.mperf - a.mperf > delta.ticks / 100 + a.span + b.span + ends.facts.least.ticks)
            delta.quality |= KRUNC_Q_SIBLING;
        return;
    }
    delta.unknown |= KRUNC_Q_SIBLING;
}

void judge_quality(const Ends &ends, krunc_delta &delta)
{
    const auto say = [&](std::uint32_t quality, bool known, bool so) {
        if (known && so)
            delta.quality |= quality;
        else if (!known)
            delta.unknown |= quality;
    };
    say(KRUNC_Q_IDLE, true, ends.a.status == KRUNC_IDLE || ends.b.status == KRUNC_IDLE);
    say(KRUNC_Q_LATE, true, ((ends.a.flags | ends.b.flags) & KRUNC_READING_LATE) != 0);
    const bool is_virtual = (ends.facts.features & KRUNC_FEATURE_VIRTUAL) != 0;
    say(KRUNC_Q_VIRTUAL, is_virtual, true); // a hypervisor may hide
    // A virtual machine's own SMIs are not those of its host.
    say(KRUNC_Q_SMI, (delta.valid & KRUNC_SMI) != 0 && (delta.smi != 0 || !is_virtual), delta.smi != 0);
    const bool interrupts = (delta.valid & KRUNC_INTERRUPTS) != 0;
    say(KRUNC_Q_INTERRUPTED, interrupts,
        (delta.irq_timer | delta.irq_reschedule | delta.irq_call | delta.irq_device | delta.irq_nmi | delta.irq_other |
         delta.sampled_by_others) != 0);
    const bool of_thread = (delta.valid & KRUNC_THREAD_SWITCHES) != 0;
    const bool of_cpu = (delta.valid & KRUNC_SWITCHES) != 0;
    const bool stayed = of_thread && delta.voluntary + delta.involuntary == 0;
    say(KRUNC_Q_SWITCHED, of_cpu || of_thread, of_cpu ? delta.switches != 0 : !stayed);
    const bool quiet = stayed || (of_cpu && delta.switches == 0 && is_callers_cpu(ends));
    say(KRUNC_Q_MIGRATED, ends.before.cpu != KRUNC_NO_CPU && (has_moved(ends) || quiet), has_moved(ends));
    const bool clock = (delta.valid & KRUNC_CLOCK) != 0;
    say(KRUNC_Q_SUSPENDED, clock, ends.after.suspended > ends.before.suspended + shortest_suspend);
    judge_throttling(ends, delta);
    judge_sibling(ends, delta);
}

} // namespace

int krunc_difference(const krunc_facts *facts, const krunc_sample *before, const krunc_sample *after,
                     std::uint32_t index, std::uint32_t flags, krunc_delta *delta)
{
    if (facts == nullptr || before == nullptr || after == nullptr || delta == nullptr)
        return -EINVAL;
    if (index >= before->readings || index >= after->readings || (flags & ~KRUNC_SUBTRACT_COST) != 0)
        return -EINVAL;
    krunc_facts known{};
    if (const int error = take_sized(known, facts, facts->size))
        return error;
    const Ends ends{known, *before, *after, *krunc_const_reading_at(before, index),
                    *krunc_const_reading_at(after, index)};
    krunc_delta found{};
    found.cpu = ends.b.cpu;
    found.status = status_of(ends);
    subtract(ends, found);
    clear_absent(found);
    subtract_beside(ends, found);
    bound_errors(ends, found);
    if ((flags & KRUNC_SUBTRACT_COST) != 0)
        take_cost_off(ends, found);
    derive(ends, found);
    judge_quality(ends, found);
    return give_sized(found, delta, delta->size);
}
