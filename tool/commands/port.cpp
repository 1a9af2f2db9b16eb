// SPDX-License-Identifier: MIT
// `krunctl port`: from a kernel source that no line covers to a new line's folder.
#include <fmt/format.h>
#include <memory>

#include "commands/command.hpp"
#include "porting/port_kernel.hpp"
#include "porting/port_text.hpp"

namespace krun
{
namespace
{

struct PortOptions {
    PortRequest request;
    bool json = false;
};

void print_json(const PortedLine &ported)
{
    auto json = as_json(ported.report);
    json["folder"] = ported.folder.string();
    fmt::print("{}\n", json.dump(2));
}

// The other commands do not see a line folder elsewhere.
std::string next_steps(const PortReport &report, bool elsewhere)
{
    return fmt::format("{0}krunctl build --line {1}\n  ./krun test --line {1}\n",
                       elsewhere ? fmt::format("  move it to kernel/lines/{}\n  ", report.series) : "  ",
                       report.series);
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
    const auto ported = unwrap(port_kernel(context.runner, context.files, options.request));
    if (options.json)
        print_json(ported);
    else
        print_report(ported, !options.request.output.empty());
    if (!ported.report.complete())
        context.exit_code = ExitCode::answer_is_no;
}

} // namespace

void add_port_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<PortOptions>();
    auto &request = options->request;
    auto *command = app.add_subcommand("port", "make a kernel line for another kernel from the nearest line's hooks");
    command->add_option("TREE", request.tree, "folder of the kernel source; it is only read")->required();
    command->add_option("--from", request.from, "kernel line to start from (default: the nearest)");
    command->add_option("--output", request.output, "the new line's folder (default: kernel/lines/SERIES)");
    command->add_flag("--dry-run", request.dry_run, "only report, create nothing");
    command->add_flag("--json", options->json, "print the report as JSON");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
