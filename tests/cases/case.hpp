// SPDX-License-Identifier: MIT
// The cases of CTest: each kind is a function that runs its tests and counts them.
#pragma once

#include <cstdint>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "build/kernel_build.hpp"
#include "cases/case_inputs.hpp"
#include "cases/case_result.hpp"
#include "cases/test_sources.hpp"
#include "machine/guest_run.hpp"

namespace krun
{

// As CMake and the environment have set it.
struct Case : GuestHost {
    std::string name;                   // CTest's
    std::string line;                   // empty: no kernel line
    std::vector<std::string> arguments; // what follows the kind
    std::chrono::seconds estimate{0};   // what it takes, at most, on a slow machine
    std::filesystem::path results;      // the folder of all cases' results
    std::filesystem::path programs;     // the build folder's tests/
    std::uint64_t seed = 1;             // of random calls
    bool again = false;                 // also what is proven
    std::time_t deadline = 0;           // 0: none
    TestSources sources{};              // of lines that are to be built from a tree of the person's own

    // Whether it can end before the time is up that the runner has set.
    [[nodiscard]] bool has_time() const;
};

// The case is not run, and is no failure: nothing that it needs is there.
CaseResult not_run(std::string why);

// Looks whether these inputs have passed before; else runs, if there is time, and remembers what passed.
Result<CaseResult> unless_proven(const Case &one, const CaseInputs &inputs,
                                 const std::function<Result<CaseResult>()> &run);
// Runs if there is time.
Result<CaseResult> in_time(const Case &one, const std::function<Result<CaseResult>()> &run);

// The kernel that the case kernel-LINE[-CONFIG] has built. An Error with ExitCode::host_lacks: it has not.
Result<BuiltKernel> built_kernel(const Case &one, const std::string &config = "vm");

// Whether the kernel's source got this hook.
bool has_hook(const Case &one, const BuiltKernel &kernel, const std::string &hook);

// A guest for a selftest of the case's line, which the case programs-LINE has built. A kernel that looks for its own
// mistakes needs more memory and time than another.
MachineRequest guest_of_selftest(const Case &one, const std::filesystem::path &kernel, const std::string &config,
                                 const std::string &name);

struct CaseKind {
    const char *name;
    Result<CaseResult> (*run)(const Case &);
};

Result<CaseResult> run_gtest_case(const Case &one);            // PROGRAM [NUMBER/SHARDS]
Result<CaseResult> run_testbed_case(const Case &one);          // builds the testbed's QEMU
Result<CaseResult> run_style_case(const Case &one);            // what can be said without a kernel
Result<CaseResult> run_sources_case(const Case &one);          // checkpatch and sparse of a patched tree
Result<CaseResult> run_model_case(const Case &one);            // the PMU model under a stock Debian kernel
Result<CaseResult> run_kernel_case(const Case &one);           // builds one: [CONFIG]
Result<CaseResult> run_programs_case(const Case &one);         // builds the guest programs of a patched tree
Result<CaseResult> run_boot_case(const Case &one);             // uname in a guest
Result<CaseResult> run_selftest_case(const Case &one);         // NAME CONFIG VENDOR
Result<CaseResult> run_check_case(const Case &one);            // krunctl check in a guest
Result<CaseResult> run_commands_case(const Case &one);         // other programs in a guest
Result<CaseResult> run_cost_case(const Case &one);             // limits of cost
Result<CaseResult> run_machine_case(const Case &one);          // GoogleTest, boots for real: [CONFIG FILTER]
Result<CaseResult> run_fuzz_case(const Case &one);             // SECONDS, on the configuration debug
Result<CaseResult> run_race_case(const Case &one);             // SECONDS, on the configuration kcsan
Result<CaseResult> run_version1_case(const Case &one);         // programs of /dev/krun's version 1: CONFIG
Result<CaseResult> run_variant_case(const Case &one);          // what a changed overlay does: NAME
Result<CaseResult> run_module_case(const Case &one);           // builds krun.ko for Debian's kernel of a line
Result<CaseResult> run_module_unpatched_case(const Case &one); // and for an unpatched one that is compiled here: CONFIG
Result<CaseResult> run_module_selftest_case(const Case &one);  // with it: NAME LINE-OF-SELFTESTS VENDOR [CONFIG]
Result<CaseResult> run_module_fuzz_case(const Case &one);      // with it: SECONDS, on the unpatched configuration debug
Result<CaseResult> run_module_package_case(const Case &one);   // the module that krun-dkms has built, loaded
Result<CaseResult> run_module_refused_case(const Case &one);   // a Krun kernel, of the configuration disk, refuses it
Result<CaseResult> run_module_cost_case(const Case &one);      // its limits of cost
Result<CaseResult> run_module_load_case(const Case &one);      // loads it TIMES times
Result<CaseResult> run_module_init_case(const Case &one); // makes its initialisation fail, on the configuration debug
Result<CaseResult> run_tools_case(const Case &one);       // builds our own Debian packages
Result<CaseResult> run_disk_case(const Case &one);        // life or all: scenarios on a Debian disk
Result<CaseResult> run_sanitize_case(const Case &one);    // the library's tests: asan, tsan or valgrind

} // namespace krun
