// SPDX-License-Identifier: MIT
#include "host/run_verdict.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "host/cpu_sets.hpp"

namespace krun
{
namespace
{

// The library judges one CPU. The switches are the command's: with one CPU they happened there, with several they are
// judged for the command as a whole.
krunc_delta with_switches(const krunc_delta &delta, const MeasuredRun &run)
{
    krunc_delta complete = delta;
    complete.size = sizeof(complete);
    if (!run.switches) {
        // Of a CPU's switches nobody knows whose they were: the command's children may just have taken turns.
        if ((delta.valid & KRUNC_SWITCHES) != 0 && delta.switches != 0) {
            complete.valid &= ~static_cast<std::uint32_t>(KRUNC_SWITCHES);
            complete.unknown |= KRUNC_Q_SWITCHED;
        }
        return complete;
    }
    const bool one_cpu = run.bound.size() == 1;
    complete.valid |= KRUNC_THREAD_SWITCHES;
    complete.voluntary = one_cpu ? run.switches->voluntary : 0;
    complete.involuntary = one_cpu ? run.switches->involuntary : 0;
    complete.unknown &= ~KRUNC_Q_SWITCHED;
    return complete;
}

void add_causes(std::vector<RunCause> &list, const krunc_verdict &verdict, std::uint32_t which)
{
    for (unsigned number = 0; number < KRUNC_CAUSES; number++) {
        if ((which & 1u << number) != 0)
            list.push_back({static_cast<krunc_cause>(number), static_cast<int>(verdict.cpu), verdict.counts[number]});
    }
}

void make_worse(RunVerdict &verdict, krunc_verdict_kind kind)
{
    if (!verdict.kind || severity(kind) > severity(*verdict.kind))
        verdict.kind = kind;
}

} // namespace

int severity(krunc_verdict_kind kind)
{
    static constexpr krunc_verdict_kind order[] = {KRUNC_CLEAN, KRUNC_TICKING, KRUNC_UNDECIDED, KRUNC_DISTURBED,
                                                   KRUNC_UNUSABLE};
    return static_cast<int>(std::ranges::find(order, kind) - std::begin(order));
}

RunVerdict judge_run(const krunc_facts &facts, const MeasuredRun &run)
{
    RunVerdict verdict;
    if (run.windows == 0) {
        verdict.why_not = "nothing was measured: the command never wrote \"enable\"";
        return verdict;
    }
    if (run.bound.empty()) {
        verdict.why_not = "the command was not bound to CPUs of its own: use --pin, or taskset -c";
        return verdict;
    }
    std::size_t judged = 0;
    for (const krunc_delta &delta : run.deltas) {
        if (!is_bound_to(run, delta.cpu))
            continue;
        const krunc_delta complete = with_switches(delta, run);
        krunc_verdict of_cpu{};
        of_cpu.size = sizeof(of_cpu);
        if (krunc_judge(&facts, &complete, nullptr, &of_cpu) != 0)
            continue;
        judged++;
        make_worse(verdict, static_cast<krunc_verdict_kind>(of_cpu.kind));
        add_causes(verdict.causes, of_cpu, of_cpu.causes);
        add_causes(verdict.notes, of_cpu, of_cpu.notes);
    }
    if (judged < run.bound.size()) {
        verdict = {};
        verdict.why_not =
            fmt::format("the command was bound to CPUs that were not counted: {}", format_cpu_list(run.bound));
        return verdict;
    }
    if (run.bound.size() > 1 && run.switches && run.switches->involuntary != 0) {
        make_worse(verdict, KRUNC_DISTURBED);
        verdict.causes.push_back({KRUNC_CAUSE_INVOLUNTARY, {}, run.switches->involuntary});
    }
    return verdict;
}

} // namespace krun
