// SPDX-License-Identifier: MIT
// krunctl: the one place that turns errors into messages on stderr and exit codes.
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>

#include "commands/command.hpp"
#include "commands/help.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "self/krunctl.hpp"
#include "util/dry_run.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace
{

using namespace krun;

void report(const Error &error)
{
    say("error: " + error.message);
    // Not with fmt::print(), which throws when stderr is full: the exit code is still worth something.
    if (!error.hint.empty())
        std::fputs(fmt::format("hint: {}\n", printable(error.hint)).c_str(), stderr);
    if (!error.log.empty())
        std::fputs(fmt::format("log: {}\n", printable(error.log)).c_str(), stderr);
}

// The wrapper `krun` has a command of its own.
std::vector<std::string> commands_of_wrapper()
{
    return std::getenv("KRUN_WRAPPER") == nullptr ? std::vector<std::string>() : std::vector<std::string>{"test"};
}

// An error in the forms that were asked for. Before the command is known to CLI11 there are only the words.
int fail(const CLI::App &app, const Context &context, int argc, char **argv, Error error)
{
    error = with_usage_hint(app, std::move(error));
    report(error);
    const auto status = static_cast<int>(error.code);
    const auto chosen = app.get_subcommands();
    const bool has_json = chosen.empty() || chosen.front()->get_option_no_throw("--json") != nullptr;
    if (has_json && asks_for_json(argc, argv)) {
        const auto command = chosen.empty() ? std::string() : chosen.front()->get_name();
        print_json(error_json(command, context.found, error, status), command == "watch" ? -1 : 2);
    }
    return status;
}

int run_command(int argc, char **argv)
{
    SystemProcessRunner system;
    TracedRunner runner(system, std::getenv("KRUN_TRACE"));
    SystemFilesystem files;
    Context context{{runner, files}};

    CLI::App app("Build, boot and measure with the Krun Linux kernel", "krunctl");
    use_help_style(app);
    app.set_version_flag("--version", "krunctl " + tool_version(), "Print the version and exit");
    app.require_subcommand(1);
    for (const auto add :
         {add_lines_command, add_build_command, add_boot_command, add_demo_command, add_check_command,
          add_watch_command, add_bench_command, add_stat_command, add_port_command, add_gate_command,
          add_publish_command, add_install_command, add_promote_command, add_uninstall_command, add_completion_command})
        add(app, context);
    try {
        app.parse(argc, argv); // runs the chosen command as well
    } catch (const CLI::Success &help_or_version) {
        return app.exit(help_or_version);
    } catch (const CLI::ParseError &error) {
        return fail(app, context, argc, argv, usage_error_of(app, error, commands_of_wrapper()));
    } catch (const UserError &error) {
        return fail(app, context, argc, argv, error.error());
    } catch (const std::exception &error) {
        return fail(app, context, argc, argv, {ExitCode::failure, error.what(), {}, {}});
    }
    return context.guest_status >= 0 ? context.guest_status : static_cast<int>(context.exit_code);
}

// Whatever the command has done: results that did not arrive are no success.
int run(int argc, char **argv)
{
    const int status = run_command(argc, argv);
    const auto written = finish_output();
    if (written)
        return status;
    const auto failed = static_cast<int>(ExitCode::failure);
    if (status != failed) // otherwise an error has been reported, which may be this one
        report(written.error());
    return status == static_cast<int>(ExitCode::interrupted) ? status : failed;
}

} // namespace

int main(int argc, char **argv)
{
    static char name[] = "krunctl"; // whatever link it was called by
    program_invocation_short_name = name;
    open_standard_streams();
    install_interrupt_handlers();
    try {
        return run(argc, argv);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "krunctl: error: %s\n", error.what()); // as nothing here may throw any more
        return static_cast<int>(ExitCode::failure);
    }
}
