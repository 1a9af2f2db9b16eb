// SPDX-License-Identifier: MIT

#include "machine/guest_run.hpp"

#include <fmt/format.h>
#include <fstream>

#include "build/kernel_make.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr unsigned guest_seconds = 300;
constexpr unsigned ratio_percent = 130;
constexpr unsigned ipc_percent = 150;

void judge_kernel_log(const std::string &name, const GuestRun &run, Tally &tally)
{
    if (run.kernel_problems.empty())
        tally.pass(name + ": the kernel's log");
    for (const std::string &problem : run.kernel_problems)
        tally.fail(fmt::format("{}: the kernel's log: {}", name, problem));
}

} // namespace

MachineRequest with_modules(MachineRequest guest, const std::vector<std::filesystem::path> &modules)
{
    std::string script;
    for (const auto &module : modules) {
        const auto place = "/lib/modules/" + module.filename().string();
        guest.copy_in.push_back({module, place});
        script += fmt::format("insmod {} && ", place);
    }
    std::vector<std::string> command = {"/bin/sh", "-c", script + "exec \"$@\"", "sh"};
    command.insert(command.end(), guest.command.begin(), guest.command.end());
    guest.command = std::move(command);
    return guest;
}

MachineRequest test_guest(const std::filesystem::path &kernel)
{
    MachineRequest request;
    request.kernel = kernel;
    request.accelerator = Accelerator::tcg;
    request.timeout_seconds = guest_seconds;
    request.aperf_ratio = ratio_percent;
    request.ipc = ipc_percent;
    return request;
}

MachineRequest selftest_guest(const std::filesystem::path &kernel, const std::filesystem::path &selftest)
{
    constexpr int tsc_step = 1000000;
    constexpr unsigned many_cpus = 72;
    constexpr unsigned memory_of_many_cpus = 1024;
    const auto name = selftest.filename().string();
    auto guest = test_guest(kernel);
    // The same kernel in a machine without the counters must say so, not guess.
    guest.pmu_model = name != test_without_counters;
    guest.tsc_step = name == test_of_tscs ? tsc_step : 0;
    if (name == test_of_many_cpus) {
        guest.cpus = many_cpus;
        guest.memory_mib = memory_of_many_cpus;
        // With adaptive ticks the kernel warns of CPUs that do not get on for seconds, which many emulated ones do not.
        guest.append = "maxcpus=2 nohz_full=";
    }
    guest.copy_in = {{selftest, "/" + name}};
    guest.command = {"/" + name};
    return guest;
}

Result<GuestRun> run_guest(const GuestHost &host, MachineRequest request)
{
    GuestRun run;
    request.on_output = [&](const std::string &piece) { run.output += piece; };
    request.on_errors = [&](const std::string &piece) { run.errors += piece; };
    const auto result = run_machine(host, request);
    std::ofstream(host.log, std::ios::app) << run.output << run.errors;
    if (!result)
        return tl::unexpected(result.error());
    run.status = result->status;
    run.kernel_problems = result->kernel_problems;
    return run;
}

Result<Tally> run_tap_in_guest(const GuestHost &host, const std::string &name, const MachineRequest &request)
{
    const auto run = TRY(run_guest(host, request));
    Tally tally = tally_of_tap(name, run.output);
    judge_kernel_log(name, run, tally);
    if (run.status != 0 && tally.failed == 0)
        tally.fail(fmt::format("{}: status {}", name, run.status));
    return tally;
}

Tally tally_of_program(const std::string &name, const GuestRun &run)
{
    Tally tally;
    if (run.status != 0)
        tally.fail(fmt::format("{}: status {}\n{}", name, run.status, last_lines(run.output + run.errors, 15)));
    else
        judge_kernel_log(name, run, tally);
    return tally;
}

Result<Tally> run_program_in_guest(const GuestHost &host, const std::string &name, const MachineRequest &request)
{
    return tally_of_program(name, TRY(run_guest(host, request)));
}

} // namespace krun
