// SPDX-License-Identifier: MIT
// A line's kernel in the guest: does it boot, what do its selftests say, and what do our programs see in it.
#include <fmt/format.h>

#include "build/kernel_make.hpp"
#include "cases/case.hpp"
#include "cases/fuzzer.hpp"
#include "cases/line_judges.hpp"
#include "self/krunctl.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr unsigned seconds_of_checking_selftest = 600;
constexpr unsigned seconds_of_long_selftest = 850; // suspends, many CPUs
constexpr const char *header_in_guest = "/usr/include/x86_64-linux-gnu/sys/krun-syscall.h";
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
    bool is_client = false; // of libkruntime: tests/kruntime
    bool is_newer = false;  // is about what Linux has since it lost its own NO_HZ_FULL_ALL, and about ours
};

// Which CPUs are adaptive-tick, and which get device interrupts, as a mask.
std::vector<std::string> cpus_are(const std::string &adaptive, const std::string &devices)
{
    return {"/bin/sh", "-c",
            fmt::format("test \"$(tr -cd '0-9,-' </sys/devices/system/cpu/nohz_full)\" = '{}' && "
                        "test \"$(cat /proc/irq/default_smp_affinity)\" = {}",
                        adaptive, devices)};
}

// A client without privileges, after root has prepared the machine.
std::vector<std::string> as_user(const std::string &preparation, const std::string &option = "")
{
    return {"/bin/sh", "-c", fmt::format("{} && /kruntime_modes --user 65534 {}", preparation, option)};
}

std::vector<Program> programs()
{
    return {
        {"test_prog of the patched tree", {"/test_prog", "5", "0.2"}, ""},
        {"krunctl watch", {"/usr/bin/krunctl", "watch", "--count", "3", "--interval", "0.1"}, ""},
        {"krunctl watch, by every way",
         {"/bin/sh", "-c",
          "for way in device calls perf msr; do "
          "krunctl watch --count 1 --interval 0.1 --json --way $way >/tmp/reading && cat /tmp/reading && "
          "grep -q '\"aperf_count\":[1-9]' /tmp/reading || exit 1; done"},
         ""},
        {"no rendezvous without a stable TSC",
         {"/bin/sh", "-c", "/tsc_test >/tmp/tap && grep -q 'pass:1 .*skip:1 ' /tmp/tap"},
         "tsc=unstable",
         false,
         true},
        {"device interrupts go to the boot CPU", cpus_are("1-3", "1"), "", false, true},
        {"nohz_full= on the command line goes first, and decides about devices, too", cpus_are("2-3", "f"),
         "nohz_full=2-3"},
        {"a dash in a parameter's name is an underscore", cpus_are("2-3", "f"), "nohz-full=2-3"},
        {"isolcpus=nohz decides as well", cpus_are("2-3", "f"), "isolcpus=nohz,2-3", false, true},
        {"an empty nohz_full= leaves the mode off", cpus_are("", "f"), "nohz_full="},
        {"irqaffinity= on the command line goes first", cpus_are("1-3", "3"), "irqaffinity=0-1"},
        {"a parameter of another name does not count", cpus_are("1-3", "1"), "my.nohz_full=2-3", false, true},
        {"krunctl check watches as long as it is told",
         {"/bin/sh", "-c",
          "krunctl check tickless --windows 2 --seconds 1 --json >/tmp/report; cat /tmp/report; "
          "grep -q 'the median of 2 windows of 1 seconds' /tmp/report && "
          "test $(sed -n '/rates_per_second/,/]/p' /tmp/report | grep -c '[0-9]') = 2"},
         ""},
        {"krunctl check fails without adaptive ticks",
         {"/bin/sh", "-c", "krunctl check >/tmp/report; test $? = 1 && grep -q '^missing.*adaptive-tick' /tmp/report"},
         "nohz_full="},
        {"libkruntime, as root", {"/kruntime_modes"}, "", true},
        {"libkruntime, as a user, by the system calls", as_user("echo 1 >/proc/sys/kernel/krun_unprivileged"), "",
         true},
        {"libkruntime, as a user, by the device's group", as_user("chgrp 65534 /dev/krun && chmod 660 /dev/krun"), "",
         true},
        {"libkruntime says that a user may not count", as_user("true", "--denied"), "", true},
    };
}

} // namespace

MachineRequest guest_of_selftest(const Case &one, const std::filesystem::path &kernel, const std::string &config,
                                 const std::string &name)
{
    auto guest = selftest_guest(kernel, cache_directory() / "selftests" / one.line / name);
    if (config == "disk")
        guest.timeout_seconds = seconds_of_long_selftest;
    if (config == "debug" || config == "kcsan") {
        const auto base = checking_guest(kernel, seconds_of_checking_selftest);
        guest.cpus = base.cpus;
        guest.memory_mib = base.memory_mib;
        guest.timeout_seconds = base.timeout_seconds;
    }
    return guest;
}

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
    if (one.arguments.size() != 3)
        return failure("a selftest's name, a configuration and a vendor are wanted");
    const auto &name = one.arguments[0];
    const auto &config = one.arguments[1];
    const auto vendor = vendor_named(one.arguments[2]);
    if (!vendor)
        return failure("no vendor of CPUs: " + one.arguments[2]);
    const auto kernel = built_kernel(one, config);
    if (!kernel)
        return not_run(kernel.error().message);
    auto guest = guest_of_selftest(one, kernel->folder / "vmlinuz", config, name);
    guest.vendor = *vendor;
    return in_guest(one, guest, [&]() -> Result<CaseResult> {
        const auto tap = run_tap_in_guest(one, name, guest);
        if (!tap && was_interrupted(tap.error()))
            return tl::unexpected(tap.error());
        auto result = judge_selftest(name, tap);
        if (config != "vm" && result.tally.skipped != 0)
            result.tally.fail(fmt::format("the configuration {} lacks what a selftest needs", config));
        // The table of lines is of the usual machine.
        if (config != "vm" || *vendor != CpuVendor::intel)
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
    inputs.add_file(one.programs.parent_path() / "lib/kruntime/libkruntime.so"); // comes along with its client
    std::vector<std::pair<std::string, MachineRequest>> guests;
    Tally skipped;
    const bool newer = has_hook(one, *kernel, "no-hz-full-all");
    for (const Program &program : programs()) {
        if (program.is_newer && !newer) {
            skipped.skip(program.name + ": this kernel has a NO_HZ_FULL_ALL of its own");
            continue;
        }
        auto guest = guest_of(*kernel);
        guest.copy_in = {{kernel->tree / "krun/test_prog", "/test_prog"},
                         {kernel->tree / "krun/krun-syscall.h", header_in_guest},
                         {cache_directory() / "selftests" / one.line / test_of_tscs, std::string("/") + test_of_tscs}};
        if (program.is_client)
            guest.copy_in.push_back({one.programs / "kruntime/kruntime_modes", "/kruntime_modes"});
        guest.command = program.command;
        guest.append = program.append;
        inputs.add_guest(guest);
        guests.emplace_back(program.name, guest);
    }
    return unless_proven(one, inputs, [&]() -> Result<CaseResult> {
        CaseResult result;
        result.tally = skipped;
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
