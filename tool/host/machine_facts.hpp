// SPDX-License-Identifier: MIT
// What machine figures come from, as far as it bears on what they mean.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "util/filesystem.hpp"

namespace krun
{

struct MachineFacts {
    std::string kernel;         // release
    std::string kernel_version; // build number and preemption model, as in uname -v
    std::string cpu_model;
    std::string microcode;
    std::vector<int> online;
    std::vector<int> adaptive_tick; // nohz_full
    std::string clock_source;
    std::string governor;   // of frequency scaling on the first CPU; empty: the kernel does not scale
    std::string hypervisor; // its name; empty: none shows itself
    bool emulated = false;  // by an interpreter of instructions
    std::vector<std::pair<std::string, std::string>> mitigations; // of CPU vulnerabilities, by name

    [[nodiscard]] bool on_bare_metal() const { return hypervisor.empty(); }
};

// `signature`: of the hypervisor, from CPUID; empty if there is none.
MachineFacts machine_facts(Filesystem &files, const std::string &signature);

// Leaf 40000000H of this CPU, as twelve characters; "unknown" when there is a hypervisor that does not say.
std::string hypervisor_signature();

// What readers have to know before they believe a figure; empty on bare metal.
std::string warning_about(const MachineFacts &machine);

} // namespace krun
