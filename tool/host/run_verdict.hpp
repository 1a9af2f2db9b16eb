// SPDX-License-Identifier: MIT
// Was a command's run disturbed, by what, on which CPU?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <krun/counters.h>

#include "host/measured_run.hpp"

namespace krun
{

struct RunCause {
    krunc_cause cause = KRUNC_CAUSE_EPOCH;
    std::optional<int> cpu; // nothing: of the command as a whole
    std::uint64_t count = 0;
};

struct RunVerdict {
    // Nothing: the command was not bound to CPUs that were counted, and `why_not` says so.
    std::optional<krunc_verdict_kind> kind;
    std::string why_not;
    std::vector<RunCause> causes;
    std::vector<RunCause> notes; // seen, and within the limits
};

RunVerdict judge_run(const krunc_facts &facts, const MeasuredRun &run);

// The greater, the worse.
int severity(krunc_verdict_kind kind);

} // namespace krun
