// SPDX-License-Identifier: MIT
// Whether CPUs are adaptive-tick, and whether a busy one is left alone.
#pragma once

#include "host/check_result.hpp"
#include "host/host.hpp"

namespace krun
{

// How a busy CPU is watched.
struct Windows {
    int count = 3;
    double seconds = 3.0; // each
    // Measure them all, by the kernel's tracepoints as well, and judge the median. Otherwise the quietest will do: a
    // disturbance that is over is none, and a tick that is held is in every window.
    bool all = false;
};

CheckResult check_nohz_full(Host &host);
CheckResult check_tickless(Host &host, Load load, const Windows &windows);

} // namespace krun
