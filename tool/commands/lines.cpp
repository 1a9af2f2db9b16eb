// SPDX-License-Identifier: MIT
// `krunctl lines`: the kernel lines, what the cache has of each, and what is known to work.
#include <fmt/format.h>
#include <memory>

#include "build/output_folder.hpp"
#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "hooks/fitting.hpp"
#include "hooks/known_hooks.hpp"
#include "report/line_report.hpp"
#include "self/krunctl.hpp"
#include "source/apt_archive.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_tree.hpp"
#include "source/tree_cache.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

struct LinesOptions {
    bool json = false;
    bool offline = false;
    std::filesystem::path tree; // a kernel source to say whether it would build; empty: none
};

std::string state_of(Filesystem &files, const KernelLine &line)
{
    std::string state = line.has_package() ? "not fetched" : "in no Debian suite";
    for (const auto &name : files.list(source_cache()).value_or(std::vector<std::string>())) {
        if (line.has_package() && name.starts_with(line.package + "_") &&
            files.exists(source_cache() / name / "Makefile"))
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
std::string newest_version(AptArchive &archive, const KernelLine &line, bool offline, bool quiet)
{
    if (!line.has_package())
        return {};
    if (!offline) {
        auto newest = archive.newest_version(line.package, line.suites);
        if (newest)
            return *newest;
        if (newest.error().code == ExitCode::interrupted)
            throw UserError(newest.error());
        say(fmt::format("note: {}: {}", line.name, newest.error().message));
    }
    const auto known = archive.known_version(line.package, line.suites).value_or("");
    if (quiet)
        return known;
    if (known.empty())
        say(fmt::format("note: the newest version of {} is not known", line.package));
    else if (!offline)
        say(fmt::format("note: {} {} is the newest known earlier", line.package, known));
    return known;
}

LineSummary summarize(Context &context, AptArchive &archive, const KernelLine &line, const std::vector<Hook> &hooks,
                      bool offline, bool quiet)
{
    LineSummary summary;
    summary.line = line.name;
    summary.newest = newest_version(archive, line, offline, quiet);
    summary.tested = line.tested;
    if (const auto proof = read_proof(context.files, proof_file(line.name))) {
        summary.proven = proof->version;
        summary.proven_date = proof->date;
    }
    summary.hooks = static_cast<unsigned>(changed_lines(hooks, line.name));
    summary.source = line.package;
    summary.state = state_of(context.files, line);
    summary.untried = unwrap(is_untried(context.runner, summary.newest, summary.tested, summary.proven));
    return summary;
}

TreeFit fit_of(Context &context, const std::vector<Hook> &hooks, const std::vector<KernelLine> &lines,
               const std::filesystem::path &tree)
{
    if (!context.files.is_directory(tree))
        throw UserError(usage_error(fmt::format("{} is not a folder", tree.string()),
                                    "name the folder of an unpacked kernel source"));
    if (lines.empty())
        throw UserError(
            failure(fmt::format("there is no kernel line in {}", (data_directory() / "kernel/lines").string())));
    const auto version = unwrap(kernel_version_of(context.files, tree, tree.string()));
    unwrap(expect_usable(context.files, tree, tree.string()));
    TreeFit fit;
    fit.tree = tree.string();
    fit.version = version.text();
    fit.line = nearest_line(lines, version).name;
    fit.hooks = unwrap(fit_hooks(context, hooks, tree, version.series()));
    return fit;
}

void list_lines(Context &context, const LinesOptions &options)
{
    AptArchive archive(context, cache_directory() / "apt");
    const auto hooks = unwrap(load_hooks(context.files, data_directory()));
    const auto known = unwrap(load_kernel_lines(context.files, data_directory()));
    std::optional<TreeFit> fit;
    if (!options.tree.empty())
        fit = fit_of(context, hooks, known, options.tree);
    // Whoever asks about a tree wants the answer now.
    const bool offline = options.offline || fit;
    std::vector<LineSummary> lines;
    for (const auto &line : known)
        lines.push_back(summarize(context, archive, line, hooks, offline, fit.has_value()));
    if (options.json) {
        nlohmann::ordered_json json = {{"lines", line_list_json(lines)}};
        if (fit)
            json["tree"] = tree_fit_json(*fit);
        print_json(json);
    } else {
        fmt::print("{}{}", line_list_table(lines), fit ? "\n" + tree_fit_text(*fit) : std::string());
    }
    if (fit && lacks_required(fit->hooks))
        context.exit_code = ExitCode::answer_is_no;
}

} // namespace

void add_lines_command(CLI::App &app, Context &context)
{
    auto *command = app.add_subcommand("lines", "List the kernel lines, their versions and their state");
    auto options = std::make_shared<LinesOptions>();
    command->add_option("TREE", options->tree,
                        "Also say whether the kernel source in this folder would build, and what it would lack");
    command->add_flag("--offline", options->offline, "Do not use the network");
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { list_lines(context, *options); });
}

} // namespace krun
