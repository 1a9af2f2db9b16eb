// SPDX-License-Identifier: MIT
// One program in a guest, as a test of the kernel: its output and status, and whether the kernel complained meanwhile.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "machine/virtual_machine.hpp"
#include "report/tally.hpp"

namespace krun
{

// The guest loads these before its command, which does not run if one of them cannot be loaded.
MachineRequest with_modules(MachineRequest guest, const std::vector<std::filesystem::path> &modules);

// What a run needs of its host.
struct GuestHost : Env {
    std::filesystem::path log; // what the guests' programs print is appended here
};

struct GuestRun {
    std::string output; // stdout
    std::string errors; // stderr
    int status = 0;
    std::vector<std::string> kernel_problems;
};

// Fills in what all test guests share: TCG, a time limit, a mixed-up counter shows (ratio and IPC are not 100 %).
MachineRequest test_guest(const std::filesystem::path &kernel);
// The same for a selftest, with what that one needs.
MachineRequest selftest_guest(const std::filesystem::path &kernel, const std::filesystem::path &selftest);
Result<GuestRun> run_guest(const GuestHost &host, MachineRequest request);
// A TAP program: its tests, and one more for the kernel's log.
Result<Tally> run_tap_in_guest(const GuestHost &host, const std::string &name, const MachineRequest &request);
// A program that says with status 0 that all is well; one test, the kernel's log included.
Tally tally_of_program(const std::string &name, const GuestRun &run);
Result<Tally> run_program_in_guest(const GuestHost &host, const std::string &name, const MachineRequest &request);

} // namespace krun
