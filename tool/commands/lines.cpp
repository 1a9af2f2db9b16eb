// SPDX-License-Identifier: MIT
// `krunctl lines`: the kernel lines, what the cache has of each, and what is known to work.
#include <fmt/format.h>
#include <memory>

#include "build/output_folder.hpp"
#include "commands/command.hpp"
#include "report/line_list.hpp"
#include "report/proof.hpp"
#include "source/apt_archive.hpp"
#include "source/hook_size.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_source.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{
namespace
{

struct LinesOptions {
    bool json = false;
    bool offline = false;
};

std::string state_of(Filesystem &files, const KernelLine &line)
{
    std::string state = "not fetched";
    for (const auto &name : files.list(source_cache()).value_or(std::vector<std::string>())) {
        if (name.starts_with(line.package + "_") && files.exists(source_cache() / name / "Makefile"))
            state = "fetched";
    }
    std::string built;
    const auto kernels = cache_directory() / "kernels";
    for (const auto &name : files.list(kernels).value_or(std::vector<std::string>())) {
        const auto metadata = read_metadata(files, kernels / name);
        if (metadata && metadata->value("line", "") == line.name)
            built += (built.empty() ? "" : ", ") + metadata->value("config", "");
    }
    return built.empty() ? state : "built: " + built;
}

// The list is useful without a network: problems there are reported, but are not errors.
std::string newest_version(AptArchive &archive, const KernelLine &line, bool offline)
{
    if (!offline) {
        auto newest = archive.newest_version(line.package, line.suites);
        if (newest)
            return *newest;
        if (newest.error().code == ExitCode::interrupted)
            throw UserError(newest.error());
        say(fmt::format("note: {}: {}", line.name, newest.error().message));
    }
    const auto known = archive.known_version(line.package, line.suites).value_or("");
    if (known.empty())
        say(fmt::format("note: the newest version of {} is not known", line.package));
    else if (!offline)
        say(fmt::format("note: {} {} is the newest known earlier", line.package, known));
    return known;
}

LineSummary summarize(Context &context, AptArchive &archive, const KernelLine &line, bool offline)
{
    LineSummary summary;
    summary.line = line.name;
    summary.newest = newest_version(archive, line, offline);
    summary.tested = line.tested;
    if (const auto proof = read_proof(context.files, proof_file(line.name))) {
        summary.proven = proof->version;
        summary.proven_date = proof->date;
    }
    summary.hooks = unwrap(hook_size(context.files, line.hooks));
    summary.source = line.package;
    summary.state = state_of(context.files, line);
    summary.untried = unwrap(is_untried(context.runner, summary.newest, summary.tested, summary.proven));
    return summary;
}

void list_lines(Context &context, const LinesOptions &options)
{
    AptArchive archive(context.runner, context.files, cache_directory() / "apt");
    std::vector<LineSummary> lines;
    for (const auto &line : unwrap(load_kernel_lines(context.files, data_directory())))
        lines.push_back(summarize(context, archive, line, options.offline));
    if (options.json)
        fmt::print("{}\n", line_list_json(lines).dump(2));
    else
        fmt::print("{}", line_list_table(lines));
}

} // namespace

void add_lines_command(CLI::App &app, Context &context)
{
    auto *command = app.add_subcommand(
        "lines", "list the kernel lines: newest version in Debian, tested and proven versions, hooks, state");
    auto options = std::make_shared<LinesOptions>();
    command->add_flag("--json", options->json, "print JSON");
    command->add_flag("--offline", options->offline, "do not use the network");
    command->callback([&context, options] { list_lines(context, *options); });
}

} // namespace krun
