// SPDX-License-Identifier: MIT
// Passed to every command. A command is one file in this folder and one name in main.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "util/env.hpp"

namespace krun
{

struct Context : Env {
    ExitCode exit_code = ExitCode::done;    // what a command that ended without an error leaves for main()
    int guest_status = -1;                  // >= 0: exit with this instead (boot passes on its command's status)
    nlohmann::ordered_json found = nullptr; // what --json prints beside the error when the command fails
};

// Each adds its subcommand to `app`; CLI11 calls it back when it was chosen.
void add_lines_command(CLI::App &app, Context &context);
void add_build_command(CLI::App &app, Context &context);
void add_boot_command(CLI::App &app, Context &context);
void add_check_command(CLI::App &app, Context &context);
void add_watch_command(CLI::App &app, Context &context);
void add_bench_command(CLI::App &app, Context &context);
void add_stat_command(CLI::App &app, Context &context);
void add_demo_command(CLI::App &app, Context &context);
void add_port_command(CLI::App &app, Context &context);
void add_gate_command(CLI::App &app, Context &context);
void add_publish_command(CLI::App &app, Context &context);
void add_install_command(CLI::App &app, Context &context);
void add_promote_command(CLI::App &app, Context &context);
void add_uninstall_command(CLI::App &app, Context &context);
void add_completion_command(CLI::App &app, Context &context);

} // namespace krun
