// SPDX-License-Identifier: MIT
// A line's kernel in the guest: does it boot, what do its selftests say, and what do our programs see in it.
#include <fmt/format.h>

#include "build/selftests.hpp"
#include "cases/case.hpp"
#include "cases/fuzzer.hpp"
#include "cases/line_judges.hpp"
#include "util/paths.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr const char *header_in_guest = "/usr/include/x86_64-linux-gnu/sys/krun-syscall.h";
constexpr unsigned seconds_of_checking_selftest = 600;

MachineRequest guest_of(const BuiltKernel &kernel) { return test_guest(kernel.folder / "vmlinuz"); }

// What every one of these cases does: finds its kernel, and runs unless these very inputs have passed before.
Result<CaseResult> in_guest(const Case &one, const MachineRequest &guest,
                            const std::function<Result<CaseResult>()> &run)
{
    return unless_proven(one, CaseInputs().add_guest(guest), run);
}

bool was_interrupted(const Error &error) { return error.code == ExitCode::interrupted; }

struct Program {
    std::string name;
    std::vector<std::string> command;
    std::string append;
};

std::vector<Program> programs()
{
    return {
        {"test_prog of the patched tree", {"/test_prog", "5", "0.2"}, ""},
        {"krunctl watch", {"/usr/bin/krunctl", "watch", "--count", "3", "--interval", "0.1"}, ""},
        {"no rendezvous without a stable TSC",
         {"/bin/sh", "-c", "/tsc_test >/tmp/tap && grep -q 'pass:1 .*skip:1 ' /tmp/tap"},
         "tsc=unstable"},
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
}

} // namespace

Result<CaseResult> run_boot_case(const Case &one)
{
    const auto kernel = built_kernel(one);
    if (!kernel)
        return not_run(kernel.error().message);
    auto guest = guest_of(*kernel);
    guest.command = {"uname", "-r"};
    return in_guest(one, guest, [&]() -> Result<CaseResult> {
        const auto uname = run_guest(one, guest);
        if (!uname && was_interrupted(uname.error()))
            return tl::unexpected(uname.error());
        return judge_boot(uname, kernel->release);
    });
}

Result<CaseResult> run_selftest_case(const Case &one)
{
    if (one.arguments.empty())
        return failure("a selftest's name is wanted");
    const auto &name = one.arguments.front();
    const bool checking = one.arguments.size() > 1;
    const auto kernel = built_kernel(one, checking ? one.arguments[1] : "vm");
    if (!kernel)
        return not_run(kernel.error().message);
    auto guest = selftest_guest(kernel->folder / "vmlinuz", cache_directory() / "selftests" / one.line / name);
    if (checking) {
        const auto base = checking_guest(*kernel, seconds_of_checking_selftest);
        guest.cpus = base.cpus;
        guest.memory_mib = base.memory_mib;
        guest.timeout_seconds = base.timeout_seconds;
    }
    return in_guest(one, guest, [&]() -> Result<CaseResult> {
        const auto tap = run_tap_in_guest(one, name, guest);
        if (!tap && was_interrupted(tap.error()))
            return tl::unexpected(tap.error());
        auto result = judge_selftest(name, tap);
        if (checking && result.tally.skipped != 0)
            result.tally.fail("the configuration debug lacks what a selftest needs");
        if (checking)
            result.stages.clear();
        return result;
    });
}

Result<CaseResult> run_check_case(const Case &one)
{
    const auto kernel = built_kernel(one);
    if (!kernel)
        return not_run(kernel.error().message);
    auto guest = guest_of(*kernel);
    guest.copy_in = {{kernel->tree / "krun/krun-syscall.h", header_in_guest}};
    guest.command = {"/usr/bin/krunctl", "check", "--json"};
    return in_guest(one, guest, [&]() -> Result<CaseResult> {
        const auto check = run_guest(one, guest);
        if (!check && was_interrupted(check.error()))
            return tl::unexpected(check.error());
        return judge_check(check);
    });
}

Result<CaseResult> run_commands_case(const Case &one)
{
    const auto kernel = built_kernel(one);
    if (!kernel)
        return not_run(kernel.error().message);
    CaseInputs inputs;
    std::vector<std::pair<std::string, MachineRequest>> guests;
    for (const Program &program : programs()) {
        auto guest = guest_of(*kernel);
        guest.copy_in = {{kernel->tree / "krun/test_prog", "/test_prog"},
                         {kernel->tree / "krun/krun-syscall.h", header_in_guest},
                         {cache_directory() / "selftests" / one.line / test_of_tscs, std::string("/") + test_of_tscs}};
        guest.command = program.command;
        guest.append = program.append;
        inputs.add_guest(guest);
        guests.emplace_back(program.name, guest);
    }
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        for (const auto &[name, guest] : guests) {
            const auto ran = run_program_in_guest(one, name, guest);
            if (ran)
                result.tally += *ran;
            else if (was_interrupted(ran.error()))
                return tl::unexpected(ran.error());
            else
                result.tally.fail(fmt::format("{}: {}", name, ran.error().message));
        }
        return result;
    });
}

} // namespace krun
