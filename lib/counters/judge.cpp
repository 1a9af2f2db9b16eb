// SPDX-License-Identifier: MIT
// Was the stretch of time disturbed, by what?
//
// Theory: the question is about one CPU, to which the measured code was bound. What makes the counts wrong comes first.
// Then what takes the CPU away from the code: system-management mode, throttling, other tasks, and interrupts, which
// are allowed a share of the time as long as they are few. A timer tick is no accident but a property of the CPU, and
// has a verdict of its own. The code that sleeps does so by its own will.
#include <cerrno>
#include <cstdint>

#include <krun/counters.h>

#include "counter_masks.hpp"
#include "sized.hpp"

using namespace krunc;

namespace
{

constexpr double default_interrupt_seconds = 10e-6;
constexpr double default_share = 0.001;
constexpr double highest_tick_hz = 1000;

struct Findings {
    krunc_verdict verdict;
    bool unusable, disturbed, ticking;

    void cause(krunc_cause which, std::uint64_t count)
    {
        verdict.causes |= 1u << which;
        verdict.counts[which] = count;
    }
    void note(krunc_cause which, std::uint64_t count)
    {
        verdict.notes |= 1u << which;
        verdict.counts[which] = count;
    }
};

void judge_counting(const krunc_delta &delta, Findings &found)
{
    const auto look = [&](std::uint32_t quality, krunc_cause which) {
        if ((delta.quality & quality) == 0)
            return;
        found.unusable = true;
        found.cause(which, 1);
    };
    look(KRUNC_Q_SUSPENDED, KRUNC_CAUSE_SUSPENDED);
    if (found.unusable)
        return; // whatever else there is follows from it
    look(KRUNC_Q_EPOCH, KRUNC_CAUSE_EPOCH);
    look(KRUNC_Q_OFFLINE, KRUNC_CAUSE_OFFLINE);
    look(KRUNC_Q_TORN, KRUNC_CAUSE_TORN);
    look(KRUNC_Q_MISSING, KRUNC_CAUSE_MISSING);
    if ((delta.quality & KRUNC_Q_MIGRATED) == 0)
        return;
    found.cause(KRUNC_CAUSE_MIGRATED, 1);
    // Counts that follow the thread are right all the same.
    const bool counted = (delta.valid & ~beside) != 0;
    (counted ? found.disturbed : found.unusable) = true;
}

void judge_machine(const krunc_delta &delta, Findings &found)
{
    if ((delta.quality & KRUNC_Q_SMI) != 0) {
        found.disturbed = true;
        found.cause(KRUNC_CAUSE_SMI, delta.smi);
    }
    if ((delta.quality & KRUNC_Q_THROTTLED) != 0) {
        found.disturbed = true;
        found.cause(KRUNC_CAUSE_THROTTLED, 1);
    }
}

void judge_switches(const krunc_delta &delta, Findings &found)
{
    if ((delta.valid & KRUNC_THREAD_SWITCHES) != 0) {
        if (delta.voluntary != 0)
            found.note(KRUNC_CAUSE_SLEPT, delta.voluntary);
        if (delta.involuntary == 0)
            return;
        found.disturbed = true;
        found.cause(KRUNC_CAUSE_INVOLUNTARY, delta.involuntary);
    } else if ((delta.valid & KRUNC_SWITCHES) != 0 && delta.switches != 0) {
        found.disturbed = true;
        found.cause(KRUNC_CAUSE_SWITCHES, delta.switches);
    }
}

void judge_timer(const krunc_facts &facts, const krunc_delta &delta, const krunc_criteria &criteria, double seconds,
                 Findings &found)
{
    const std::uint32_t timers = delta.irq_timer;
    if (timers == 0)
        return;
    const bool tickless = facts.cpu != nullptr && delta.cpu < facts.possible_cpus &&
                          (facts.cpu[delta.cpu].flags & KRUNC_CPU_NOHZ_FULL) != 0;
    if (tickless && timers * criteria.interrupt_seconds <= criteria.share * seconds) {
        found.note(KRUNC_CAUSE_TIMER, timers);
        return;
    }
    found.cause(KRUNC_CAUSE_TIMER, timers);
    const double hz = facts.tick_hz != 0 ? facts.tick_hz : highest_tick_hz;
    (timers <= hz * seconds + 2 ? found.ticking : found.disturbed) = true;
}

void judge_interrupts(const krunc_facts &facts, const krunc_delta &delta, const krunc_criteria &criteria,
                      Findings &found)
{
    if ((delta.valid & KRUNC_INTERRUPTS) == 0)
        return;
    const double seconds = (delta.derived & KRUNC_D_TIME) != 0 ? delta.seconds
                           : (delta.valid & KRUNC_CLOCK) != 0  ? static_cast<double>(delta.clock) / 1e9
                                                               : 0;
    const struct {
        krunc_cause which;
        std::uint32_t count;
    } kinds[] = {{KRUNC_CAUSE_RESCHEDULE, delta.irq_reschedule}, {KRUNC_CAUSE_CALL, delta.irq_call},
                 {KRUNC_CAUSE_DEVICE, delta.irq_device},         {KRUNC_CAUSE_NMI, delta.irq_nmi},
                 {KRUNC_CAUSE_OTHER, delta.irq_other},           {KRUNC_CAUSE_SAMPLED, delta.sampled_by_others}};
    double all = 0;
    for (const auto &kind : kinds)
        all += kind.count;
    const bool too_many = all * criteria.interrupt_seconds > criteria.share * seconds;
    found.disturbed = found.disturbed || too_many;
    for (const auto &kind : kinds) {
        if (kind.count != 0)
            too_many ? found.cause(kind.which, kind.count) : found.note(kind.which, kind.count);
    }
    judge_timer(facts, delta, criteria, seconds, found);
}

std::uint32_t kind_of(const krunc_delta &delta, const Findings &found)
{
    if (found.unusable)
        return KRUNC_UNUSABLE;
    if (found.disturbed)
        return KRUNC_DISTURBED;
    if ((delta.unknown & (KRUNC_Q_INTERRUPTED | KRUNC_Q_SWITCHED)) != 0)
        return KRUNC_UNDECIDED;
    return found.ticking ? KRUNC_TICKING : KRUNC_CLEAN;
}

int complete(krunc_criteria &criteria)
{
    if ((criteria.flags & ~(KRUNC_SET_INTERRUPT_SECONDS | KRUNC_SET_SHARE)) != 0 ||
        !(criteria.interrupt_seconds >= 0) || !(criteria.share >= 0 && criteria.share <= 1))
        return -EINVAL;
    if (criteria.interrupt_seconds == 0 && (criteria.flags & KRUNC_SET_INTERRUPT_SECONDS) == 0)
        criteria.interrupt_seconds = default_interrupt_seconds;
    if (criteria.share == 0 && (criteria.flags & KRUNC_SET_SHARE) == 0)
        criteria.share = default_share;
    return 0;
}

} // namespace

int krunc_judge(const krunc_facts *facts, const krunc_delta *delta, const krunc_criteria *criteria,
                krunc_verdict *verdict)
{
    if (facts == nullptr || delta == nullptr || verdict == nullptr)
        return -EINVAL;
    krunc_facts known{};
    krunc_delta difference{};
    krunc_criteria limits{};
    int error = take_sized(known, facts, facts->size);
    if (error == 0)
        error = take_sized(difference, delta, delta->size);
    if (error == 0 && criteria != nullptr)
        error = take_sized(limits, criteria, criteria->size);
    if (error == 0)
        error = complete(limits);
    if (error != 0)
        return error;
    Findings found{};
    found.verdict.cpu = difference.cpu;
    found.verdict.unknown = difference.unknown;
    judge_counting(difference, found);
    if (!found.unusable) {
        judge_machine(difference, found);
        judge_switches(difference, found);
        judge_interrupts(known, difference, limits, found);
    }
    found.verdict.kind = kind_of(difference, found);
    return give_sized(found.verdict, verdict, verdict->size);
}
