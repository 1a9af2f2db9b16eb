// SPDX-License-Identifier: MIT
// krunctl check: verifies the running kernel.
#include <memory>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "host/checks.hpp"
#include "host/system_host.hpp"
#include "report/check_report.hpp"

namespace krun
{

void add_check_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("check", "Verify the running kernel: tickless, system calls, counters");
    auto json = std::make_shared<bool>(false);
    command->add_flag("--json", *json, "Print one JSON object");
    command->callback([&context, json] {
        SystemHost host(context.runner);
        const auto results = check_kernel(host);
        if (*json)
            fmt::print("{}\n", check_json(host.kernel_release(), results).dump(2));
        else
            fmt::print("{}{}\n", check_report(results), check_verdict(results));
        context.exit_code = all_good(results) ? ExitCode::done : ExitCode::answer_is_no;
    });
}

} // namespace krun
