// SPDX-License-Identifier: MIT
// The argument vector for QEMU, as a pure function of what is wanted and what was found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "machine/virtual_machine.hpp"

namespace krun
{

// How fast this machine's TSC counts, in kHz, measured for a few milliseconds: TCG's guests see the host's TSC.
std::uint64_t measured_tsc_khz();

struct QemuSetup {
    std::filesystem::path qemu;
    std::vector<std::filesystem::path> firmware; // folders for -L; empty: QEMU's own
    bool kvm = false;
    bool counters = false; // this QEMU has our model of the PMU and of APERF/MPERF
    std::filesystem::path initrd;
    std::uint64_t host_tsc_khz = 0; // 0: not known, the guest calibrates by itself
    bool invariant_tsc = false;     // CPUID says so; Linux before 4.11 stops no tick without that
};

// Descriptors that QEMU inherits: its end of the line to the guest's init, and the log of the console.
constexpr int line_descriptor = 3;
constexpr int console_descriptor = 4;

std::string kernel_command_line(const MachineRequest &request, const QemuSetup &setup);
// A PC with nothing to boot. `console` is where its first serial port goes: a -chardev without its id. The second is
// the line.
std::vector<std::string> machine_arguments(const MachineRequest &request, const QemuSetup &setup,
                                           const std::string &console);
// That boots the request's kernel.
std::vector<std::string> qemu_arguments(const MachineRequest &request, const QemuSetup &setup);

} // namespace krun
