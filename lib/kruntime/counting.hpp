// SPDX-License-Identifier: MIT
// Whether cores are counted at all, and how. The original decides this when it is compiled, with make MSRS=0 or 1.
#pragma once

#include <cstdio>

#include <krun/counters.h>

namespace krun
{

enum class Wish {
    what_there_is, // counters, unless the machine has none: then the wall clock alone, as without MSRs
    wall_clock,
    counters,
    not_understood,
};

// Of the environment variable KRUN_MSRS, which may be null.
Wish wish_named(const char *value);

// Has the machine APERF and MPERF, whoever may read them?
bool machine_has_aperf();

// All three counters of every online CPU, or null.
krunc_session *open_counters();

// For a person: which ways to read the counters there are, and what is wrong with each.
void print_obstacles(std::FILE *stream);

} // namespace krun
