// SPDX-License-Identifier: MIT
// One run of a kernel in QEMU: boots, runs a command in the guest, and reports what happened.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "util/env.hpp"
#include "util/result.hpp"

namespace krun
{

// What a bzImage says about itself in its setup header (Documentation/arch/x86/boot.rst).

// An Error if the file is not a 64-bit x86 kernel: QEMU would jump into it anyway and hang.
Result<void> check_kernel_image(const std::filesystem::path &kernel);
// What `uname -r` will say.
Result<std::string> kernel_release(const std::filesystem::path &kernel);

enum class Accelerator { automatic, tcg, kvm };
// Of the emulated CPUs, and so of their PMU.
enum class CpuVendor { intel, amd };
std::optional<CpuVendor> vendor_named(const std::string &name); // intel, amd

struct GuestFile {
    std::filesystem::path source; // a file or a folder of the host
    std::string target;           // absolute path in the guest
};

struct MachineRequest {
    std::filesystem::path kernel; // bzImage
    unsigned cpus = 4;
    unsigned memory_mib = 512;
    Accelerator accelerator = Accelerator::automatic;
    bool icount = false;       // TSC differences become exact guest instruction counts (TCG only)
    unsigned icount_turn = 0;  // instructions that one CPU executes before the next continues; 0: the testbed's default
    bool trusted_clock = true; // the kernel is told to trust an emulated clock; off: as on a machine of anybody's
    std::string append;        // more kernel command line
    std::vector<GuestFile> copy_in;
    std::vector<std::string> command;     // empty: a shell on the caller's terminal
    std::vector<std::string> environment; // NAME=value for the command
    unsigned timeout_seconds = 0;         // 0: none
    bool pmu_model = true;                // off: a machine without counters, as stock QEMU is
    CpuVendor vendor = CpuVendor::intel;
    bool perfctr_core = true;          // AMD: the six counters of the core extension; off: the four before it
    unsigned aperf_ratio = 0;          // percent of the TSC rate; 0: the model's default
    unsigned ipc = 0;                  // instructions per 100 cycles; 0: the model's default
    int tsc_step = 0;                  // ticks by which each CPU's TSC is ahead of the previous CPU's
    std::filesystem::path console_log; // where the kernel's console goes; empty: a file in <cache>/logs
    bool dry_run = false;
    // Our stdin is for the guest: a terminal for the shell, anything else for the command's stdin.
    bool pass_input = false;
    // Pieces of the command's stdout / stderr as they come; unset: passed to ours.
    std::function<void(const std::string &)> on_output;
    std::function<void(const std::string &)> on_errors;
};

struct MachineResult {
    int status = 0;                           // the command's own exit status, 128 + signal when killed
    std::vector<std::string> kernel_problems; // oops, BUG, WARNING, panic, lockup lines found in the console log
    std::filesystem::path console_log;
};

struct GuestFiles; // guest_image.hpp

constexpr unsigned most_cpus = 255; // the machine's APICs have ids of eight bits

// CPUs and memory.
Result<void> check_machine_size(const MachineRequest &request);

// Makes the testbed's QEMU and the guest image when they are not in the cache yet, boots, runs, cleans up. `gathered`
// is what is copied in, if the caller has done so already. An Error: QEMU could not start, the guest never reached the
// command, timeout, Ctrl-C.
Result<MachineResult> run_machine(const Env &env, const MachineRequest &request, GuestFiles *gathered = nullptr);

} // namespace krun
