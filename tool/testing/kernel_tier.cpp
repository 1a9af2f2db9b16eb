// SPDX-License-Identifier: MIT
// The Krun kernel in the guest.
//
// Theory: the guest's uname is asked first. If that works, what goes wrong later is the business of one test, and the
// others are run all the same.
#include <fmt/format.h>

#include "testing/cost_test.hpp"
#include "testing/guest_run.hpp"
#include "testing/kernel_programs.hpp"
#include "testing/line_run.hpp"
#include "util/paths.hpp"
#include "util/text.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr const char *header_in_guest = "/usr/include/x86_64-linux-gnu/sys/krun-syscall.h";

bool was_interrupted(const Error &error) { return error.code == ExitCode::interrupted; }

// A guest that hung is a failure of its test. Only an interruption ends the others.
Result<void> add(Tally &tally, const std::string &name, const Result<Tally> &one)
{
    if (one)
        tally += *one;
    else if (was_interrupted(one.error()))
        return tl::unexpected(one.error());
    else
        tally.fail(fmt::format("{}: {}", name, one.error().message));
    return {};
}

Result<Tally> test_selftests(TierContext &context, const BuiltKernel &kernel, const KernelPrograms &programs)
{
    Tally tally;
    for (const fs::path &program : programs.selftests) {
        const std::string name = program.filename().string();
        MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
        guest.copy_in = {{program, "/" + name}};
        guest.command = {"/" + name};
        if (auto added = add(tally, name, run_tap_in_guest(context, name, guest)); !added)
            return tl::unexpected(added.error());
    }
    // A machine without the counters: the same kernel must say so, not guess.
    const std::string name = "absent_test without counters";
    MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
    guest.pmu_model = false;
    guest.copy_in = {{programs.absent_test, "/absent_test"}};
    guest.command = {"/absent_test"};
    if (auto added = add(tally, name, run_tap_in_guest(context, name, guest)); !added)
        return tl::unexpected(added.error());
    return tally;
}

Result<Tally> test_commands(TierContext &context, const BuiltKernel &kernel, const KernelPrograms &programs)
{
    struct Program {
        std::string name;
        std::vector<std::string> command;
        std::string append;
    };
    const std::vector<Program> runs = {
        {"test_prog of the patched tree", {"/test_prog", "5", "0.2"}, ""},
        {"krunctl watch", {"/usr/bin/krunctl", "watch", "--count", "3", "--interval", "0.1"}, ""},
        {"nohz_full= on the command line goes first",
         {"/bin/sh", "-c", "test \"$(cat /sys/devices/system/cpu/nohz_full)\" = 2-3"},
         "nohz_full=2-3"},
        {"an empty nohz_full= leaves the mode off",
         {"/bin/sh", "-c", "! grep -q '[0-9]' /sys/devices/system/cpu/nohz_full"},
         "nohz_full="},
        {"krunctl check fails without adaptive ticks",
         {"/bin/sh", "-c", "krunctl check >/tmp/report; test $? = 1 && grep -q '^missing.*adaptive-tick' /tmp/report"},
         "nohz_full="},
    };
    Tally tally;
    for (const Program &run : runs) {
        MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
        guest.copy_in = {{programs.test_prog, "/test_prog"}, {kernel.tree / "krun/krun-syscall.h", header_in_guest}};
        guest.command = run.command;
        guest.append = run.append;
        if (auto added = add(tally, run.name, run_program_in_guest(context, run.name, guest)); !added)
            return tl::unexpected(added.error());
    }
    return tally;
}

Result<GuestRun> ask_uname(TierContext &context, const BuiltKernel &kernel)
{
    MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
    guest.command = {"uname", "-r"};
    return run_guest(context, guest);
}

Result<Tally> test_check(TierContext &context, const BuiltKernel &kernel, LineRun &line)
{
    MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
    guest.copy_in = {{kernel.tree / "krun/krun-syscall.h", header_in_guest}};
    guest.command = {"/usr/bin/krunctl", "check", "--json"};
    const auto check = run_guest(context, guest);
    if (!check && was_interrupted(check.error()))
        return tl::unexpected(check.error());
    Tally tally;
    line.judge_tickless(check, tally);
    if (check)
        tally += tally_of_program("krunctl check", *check);
    return tally;
}

// What needs programs of the patched tree.
Result<Tally> test_programs(TierContext &context, const BuiltKernel &kernel, LineRun &line)
{
    Tally tally;
    const auto programs = build_kernel_programs(context, line.name(), kernel);
    if (!programs && was_interrupted(programs.error()))
        return tl::unexpected(programs.error());
    if (!programs) {
        line.judge_selftests(tl::unexpected(programs.error()), tally);
        return tally;
    }
    const auto selftests = test_selftests(context, kernel, *programs);
    if (!selftests)
        return selftests;
    tally += *selftests;
    line.judge_selftests(selftests, tally);
    if (auto added = add(tally, "commands", test_commands(context, kernel, *programs)); !added)
        return tl::unexpected(added.error());
    if (auto added = add(tally, "cost of a reading", test_costs(context, kernel, *programs)); !added)
        return tl::unexpected(added.error());
    return tally;
}

} // namespace

Result<Tally> run_kernel_tier(TierContext &context, LineRun &line)
{
    Tally tally;
    const auto kernel = line.kernel(tally);
    if (!kernel)
        return tl::unexpected(kernel.error());
    if (*kernel == nullptr)
        return tally;
    const auto uname = ask_uname(context, **kernel);
    if (!uname && was_interrupted(uname.error()))
        return tl::unexpected(uname.error());
    line.judge_boot(uname, tally);
    if (line.status().boot != Outcome::ok)
        return tally;
    for (const auto part : {test_check, test_programs}) {
        const auto one = part(context, **kernel, line);
        if (!one)
            return one;
        tally += *one;
    }
    return tally;
}

} // namespace krun
