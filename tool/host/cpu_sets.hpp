// SPDX-License-Identifier: MIT
// Sets of CPUs: as lists, as affinities of tasks, and which of them mean that a task is bound.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/filesystem.hpp"

namespace krun
{

// The kernel's CPU lists, as in /sys/devices/system/cpu/nohz_full: "1-3,5".

// Nothing when the text is not a CPU list; an empty list for "" and "(null)", which the kernel prints for none.
std::optional<std::vector<int>> parse_cpu_list(std::string_view text);
std::string format_cpu_list(const std::vector<int> &cpus); // ascending; "none" when empty
// Of a file; empty if there is none, or no list in it.
std::vector<int> cpu_list_in(Filesystem &files, const std::filesystem::path &path);

// Which CPUs a thread may run on, the calling one unless said otherwise. The sets have any size: a machine may have
// more CPUs than a cpu_set_t has bits.

std::vector<int> allowed_cpus(int task = 0);  // ascending; empty when the kernel does not say
int allow_cpus(const std::vector<int> &cpus); // 0, or the errno of sched_setaffinity(2)
bool runs_on_nothing_but(int cpu);            // it may run nowhere else, and runs there

// Has anybody bound a task to its CPUs? An affinity that is smaller than the machine does not say so.
//
// Theory: isolcpus=, a cpuset and the service manager's CPUAffinity= restrict everything that runs, and what is
// restricted with everything else has no CPU of its own. So a task is taken to be bound only if its affinity is none of
// those that a task has by itself here. A single CPU is the exception: whoever may use but one runs there alone or is
// seen to be preempted.

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
