// SPDX-License-Identifier: MIT
// Which CPUs a thread may run on, the calling one unless said otherwise. The sets have any size: a machine may have
// more CPUs than a cpu_set_t has bits.
#pragma once

#include <vector>

namespace krun
{

std::vector<int> allowed_cpus(int task = 0);  // ascending; empty when the kernel does not say
int allow_cpus(const std::vector<int> &cpus); // 0, or the errno of sched_setaffinity(2)
bool runs_on_nothing_but(int cpu);            // it may run nowhere else, and runs there

} // namespace krun
