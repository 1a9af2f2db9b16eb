// SPDX-License-Identifier: MIT
// Has anybody bound a task to its CPUs? An affinity that is smaller than the machine does not say so.
//
// Theory: isolcpus=, a cpuset and the service manager's CPUAffinity= restrict everything that runs, and what is
// restricted with everything else has no CPU of its own. So a task is taken to be bound only if its affinity is none of
// those that a task has by itself here. A single CPU is the exception: whoever may use but one runs there alone or is
// seen to be preempted.
#pragma once

#include <vector>

#include "util/filesystem.hpp"

namespace krun
{

// What tasks that nobody has bound may use, as far as the machine says; ascending lists.
struct UnboundCpus {
    std::vector<int> online;
    std::vector<int> of_init;  // of the first process; empty if that is krunctl itself
    std::vector<int> cpuset;   // of krunctl's control group; empty: there is none
    std::vector<int> isolated; // isolcpus=, and partitions of cpusets
};

UnboundCpus find_unbound_cpus(Filesystem &files);

// `allowed`: a task's affinity. Empty if nobody has bound it.
std::vector<int> bound_cpus(const std::vector<int> &allowed, const UnboundCpus &unbound);

} // namespace krun
