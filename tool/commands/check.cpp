// SPDX-License-Identifier: MIT
// krunctl check: verifies the running kernel.
#include <memory>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "host/checks.hpp"
#include "host/host.hpp"
#include "host/krun_world.hpp"
#include "report/check_report.hpp"

namespace krun
{

void add_check_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("check", "Verify the running kernel: tickless, system calls, counters");
    auto json = std::make_shared<bool>(false);
    auto chosen = std::make_shared<CheckOptions>();
    accept_choices(command->add_option("CHECK", chosen->ids, "Make only these checks"), check_ids());
    auto *windows = accept_range(value_option(command, "--windows", "N", chosen->windows.count,
                                              "Watch a busy CPU N times, and judge the median"),
                                 1, 1000)
                        ->default_str("until it is quiet, at most 3 times");
    auto *seconds = accept_range(value_option(command, "--seconds", "SECONDS", chosen->windows.seconds,
                                              "Watch for SECONDS each time"),
                                 1.0, 3600.0)
                        ->default_str("3");
    command->add_flag("--json", *json, "Print one JSON object");
    command->callback([&context, json, chosen, windows, seconds] {
        chosen->windows.all = windows->count() != 0 || seconds->count() != 0;
        SystemHost host(context.runner);
        const auto results = check_kernel(host, *chosen);
        if (*json)
            print_json(check_json(host.kernel_release(), world_of(host), results));
        else
            fmt::print("{}: {}\n{}{}\n", host.kernel_release(), sentence_of(world_of(host)), check_report(results),
                       check_verdict(results));
        context.exit_code = all_good(results) ? ExitCode::done : ExitCode::answer_is_no;
    });
}

} // namespace krun
