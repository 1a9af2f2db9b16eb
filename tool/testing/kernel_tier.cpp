// SPDX-License-Identifier: MIT
// The Krun kernel in the guest.
#include <fmt/format.h>

#include "report/cost_report.hpp"
#include "testing/guest_run.hpp"
#include "testing/kernel_programs.hpp"
#include "util/paths.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

// What one reading of one CPU may cost, in null system calls of the same kernel.
constexpr double cost_limit = 1.35;

Result<Tally> test_selftests(TierContext &context, const BuiltKernel &kernel, const KernelPrograms &programs)
{
    Tally tally;
    for (const fs::path &program : programs.selftests) {
        MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
        guest.copy_in = {{program, "/" + program.filename().string()}};
        guest.command = {"/" + program.filename().string()};
        const auto one = run_tap_in_guest(context, program.filename().string(), guest);
        if (!one)
            return one;
        tally += *one;
    }
    // A machine without the counters: the same kernel must say so, not guess.
    MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
    guest.pmu_model = false;
    guest.copy_in = {{programs.absent_test, "/absent_test"}};
    guest.command = {"/absent_test"};
    const auto absent = run_tap_in_guest(context, "absent_test without counters", guest);
    if (!absent)
        return absent;
    return tally += *absent;
}

Result<Tally> test_commands(TierContext &context, const BuiltKernel &kernel, const KernelPrograms &programs)
{
    const std::string header = "/usr/include/x86_64-linux-gnu/sys/krun-syscall.h";
    struct Program {
        std::string name;
        std::vector<std::string> command;
        std::string append;
    };
    const std::vector<Program> runs = {
        {"test_prog of the patched tree", {"/test_prog", "5", "0.2"}, ""},
        {"krunctl check", {"/usr/bin/krunctl", "check"}, ""},
        {"krunctl watch", {"/usr/bin/krunctl", "watch", "--count", "3", "--interval", "0.1"}, ""},
        {"nohz_full= on the command line goes first",
         {"/bin/sh", "-c", "test \"$(cat /sys/devices/system/cpu/nohz_full)\" = 2-3"},
         "nohz_full=2-3"},
        {"an empty nohz_full= leaves the mode off",
         {"/bin/sh", "-c", "! grep -q '[0-9]' /sys/devices/system/cpu/nohz_full"},
         "nohz_full="},
        {"krunctl check fails without adaptive ticks",
         {"/bin/sh", "-c", "krunctl check >/tmp/report; test $? = 1 && grep -q '^fail.*adaptive-tick' /tmp/report"},
         "nohz_full="},
    };
    Tally tally;
    for (const Program &run : runs) {
        MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
        guest.copy_in = {{programs.test_prog, "/test_prog"}, {kernel.tree / "krun/krun-syscall.h", header}};
        guest.command = run.command;
        guest.append = run.append;
        const auto one = run_program_in_guest(context, run.name, guest);
        if (!one)
            return one;
        tally += *one;
    }
    return tally;
}

// Exact guest instruction counts: two runs must agree to the last instruction, or they prove nothing.
Result<Tally> test_cost(TierContext &context, const BuiltKernel &kernel, const KernelPrograms &programs)
{
    MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
    guest.cpus = 1;
    guest.icount = true;
    guest.copy_in = {{programs.read_cost, "/read_cost"}};
    guest.command = {"/read_cost"};
    const auto first = run_guest(context, guest);
    if (!first)
        return tl::unexpected(first.error());
    const auto second = run_guest(context, guest);
    if (!second)
        return tl::unexpected(second.error());
    Tally tally;
    if (first->status == 0 && first->output == second->output)
        tally.pass();
    else
        tally.fail("cost of a reading: two runs differ:\n" + first->output + second->output);
    const auto costs = parse_costs(first->output);
    if (!costs)
        return tl::unexpected(costs.error());
    const auto ratio = ratio_to_null(*costs, "krun");
    if (ratio && *ratio <= cost_limit)
        tally.pass();
    else
        tally.fail(fmt::format("cost of a reading: {:.2f} null system calls, at most {:.2f} allowed\n{}",
                               ratio.value_or(0), cost_limit, cost_table(*costs, "guest instructions")));
    return tally;
}

} // namespace

Result<Tally> run_kernel_tier(TierContext &context)
{
    const auto kernel = kernel_under_test(context);
    if (!kernel)
        return tl::unexpected(kernel.error());
    const auto programs = build_kernel_programs(context, *kernel);
    if (!programs)
        return tl::unexpected(programs.error());
    Tally tally;
    for (const auto part : {test_selftests, test_commands, test_cost}) {
        const auto one = part(context, *kernel, *programs);
        if (!one)
            return one;
        tally += *one;
    }
    return tally;
}

} // namespace krun
