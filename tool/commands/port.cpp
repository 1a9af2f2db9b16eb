// SPDX-License-Identifier: MIT
// `krunctl port`: from a kernel source that no line covers to a new line's folder.
#include <fmt/format.h>
#include <memory>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "porting/port_kernel.hpp"
#include "porting/port_report.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

struct PortOptions {
    PortRequest request;
    bool json = false;
};

void print_ported(const PortedLine &ported)
{
    auto json = as_json(ported.report);
    json["folder"] = ported.folder.string();
    print_json(json);
}

// The other commands do not see a line folder elsewhere.
std::string next_steps(const PortReport &report, bool elsewhere)
{
    const auto move = elsewhere ? fmt::format("  move it to kernel/lines/{}\n", report.series) : std::string();
    if (!report.packaged)
        return move + fmt::format("  krunctl build --line {} --source {}\n", report.series, shell_quoted(report.tree));
    return move + fmt::format("  krunctl build --line {0}\n  ./krun test --line {0}\n", report.series);
}

void print_report(const PortedLine &ported, bool elsewhere)
{
    const auto &report = ported.report;
    fmt::print("{}", report_table(report));
    if (ported.folder.empty()) {
        if (!report.complete())
            fmt::print("\n{}", porting_notes(report));
        return;
    }
    if (!report.complete() && report.builds()) {
        fmt::print("{}\nmade {}\nit builds without these hunks; its hooks/PORTING.md has them\nnext:\n{}",
                   missing_in_short(report), ported.folder.string(), next_steps(report, elsewhere));
        return;
    }
    if (!report.complete()) {
        fmt::print(
            "{}\nmade {}\nits hooks/PORTING.md has the missing hunks; put them in, remove that file, and then\n{}",
            missing_in_short(report), ported.folder.string(), next_steps(report, elsewhere));
        return;
    }
    fmt::print("\nmade {}\nnext:\n{}", ported.folder.string(), next_steps(report, elsewhere));
}

void run(Context &context, const PortOptions &options)
{
    const auto ported = unwrap(port_kernel(context, options.request));
    if (options.json)
        print_ported(ported);
    else
        print_report(ported, !options.request.output.empty());
    if (!ported.report.builds())
        context.exit_code = ExitCode::answer_is_no;
}

} // namespace

void add_port_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<PortOptions>();
    auto &request = options->request;
    auto *command = app.add_subcommand("port", "Make a kernel line for another kernel from the hooks that fit it");
    command->add_option("TREE", request.tree, "Make it for the kernel source in this folder, which is only read")
        ->required();
    command->add_option("--from", request.from, "Take all hooks from this kernel line")
        ->type_name("LINE")
        ->default_str("each from where it fits best");
    command->add_option("--output", request.output, "Make the new line in this folder")
        ->type_name("FOLDER")
        ->default_str("kernel/lines/SERIES");
    command->add_flag("--dry-run", request.dry_run, "Report and create nothing");
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
