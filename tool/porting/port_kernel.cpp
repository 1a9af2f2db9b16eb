// SPDX-License-Identifier: MIT

#include "porting/port_kernel.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hooks/apply_hooks.hpp"
#include "hooks/fitting.hpp"
#include "hooks/hook_patch.hpp"
#include "hooks/known_hooks.hpp"
#include "hooks/workbench.hpp"
#include "porting/port_hooks.hpp"
#include "porting/port_report.hpp"
#include "self/krunctl.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_tree.hpp"
#include "source/source.hpp"
#include "source/tree_cache.hpp"
#include "util/file_lock.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

std::string line_toml(const PortReport &report, const KernelLine &from)
{
    auto text =
        fmt::format("# SPDX-License-Identifier: MIT\n"
                    "# Ported by `krunctl port` from the line {} to Linux {}. Not proven: no kernel of this line has\n"
                    "# passed the tests yet",
                    from.name, report.version);
    if (from.has_package())
        text += fmt::format(", and nobody has checked that the suites have these packages.\n"
                            "package = \"linux-source-{0}\"\n"
                            "config_package = \"linux-config-{0}\"\n"
                            "suites = [\"{1}\"]\n",
                            report.series, fmt::join(from.suites, "\", \""));
    else
        text += fmt::format(". Like {}, it is built with `krunctl build --line {} --source TREE`.\n", from.name,
                            report.series);
    return text + "tested = \"\"\n";
}

// For quilt and its like; krunctl has the order from kernel/hooks/hooks.toml.
std::string series(const PortReport &report)
{
    std::string text;
    for (const auto &hook : report.hooks) {
        if (hook.not_needed.empty())
            text += hook.complete() ? hook.name + "\n" : fmt::format("# not complete, see PORTING.md: {}\n", hook.name);
    }
    return text;
}

// Half a hook is none: what there is of it waits under another name.
std::string file_of(const HookReport &hook) { return hook.complete() ? hook.name : hook.name + ".part"; }

Result<void> fill(Filesystem &files, const std::filesystem::path &folder, const PortReport &report,
                  const KernelLine &from)
{
    const auto hooks = folder / "hooks";
    TRY(files.make_directories(hooks));
    TRY(files.write(folder / "line.toml", line_toml(report, from)));
    TRY(files.write(hooks / "series", series(report)));
    for (const auto &hook : report.hooks) {
        if (!hook.not_needed.empty())
            continue;
        TRY(files.write(hooks / file_of(hook), hook.description + hook.diffs));
    }
    if (files.exists(from.config))
        TRY(mirror_folder(files, from.config, folder / "config"));
    if (report.complete())
        return {};
    return files.write(hooks / "PORTING.md", porting_notes(report));
}

struct Plan {
    fs::path data;
    fs::path tree;
    KernelVersion version;
    KernelLine from;
    fs::path folder; // the new line's
};

Result<KernelVersion> version_to_port(Filesystem &files, const fs::path &tree)
{
    if (!files.is_directory(tree))
        return usage_error(fmt::format("{} is not a folder", tree.string()),
                           "name the folder of an unpacked kernel source");
    auto version = TRY(kernel_version_of(files, tree, tree.string()));
    TRY(expect_usable(files, tree, tree.string()));
    return version;
}

Result<KernelLine> line_to_start_from(Filesystem &files, const fs::path &data, const PortRequest &request,
                                      const KernelVersion &version)
{
    if (!request.from.empty())
        return find_kernel_line(files, data, request.from);
    const auto lines = TRY(load_kernel_lines(files, data));
    if (lines.empty())
        return failure(fmt::format("there is no kernel line in {} to start from", (data / "kernel/lines").string()));
    return nearest_line(lines, version);
}

bool is_below(const fs::path &path, const fs::path &folder)
{
    std::error_code none;
    const auto inner = fs::weakly_canonical(path, none);
    const auto outer = fs::weakly_canonical(folder, none);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

Result<void> expect_free_place(Filesystem &files, const Plan &plan, bool chosen)
{
    if (files.exists(plan.folder))
        return chosen ? usage_error(fmt::format("the output {} exists already", plan.folder.string()))
                      : usage_error(fmt::format("there is a kernel line {} already", plan.version.series()),
                                    "--output DIR writes elsewhere, --dry-run only reports");
    if (!files.is_directory(plan.folder.parent_path()))
        return usage_error(fmt::format("there is no folder {} for the output", plan.folder.parent_path().string()));
    if (is_below(plan.folder, plan.tree))
        return usage_error(fmt::format("the output {} is inside the kernel source", plan.folder.string()),
                           "the source is only read; name another place with --output");
    return {};
}

// Everything that may be wrong with the request.
Result<Plan> make_plan(Filesystem &files, const PortRequest &request)
{
    Plan plan;
    plan.data = data_directory();
    plan.tree = request.tree;
    plan.version = TRY(version_to_port(files, plan.tree));
    plan.from = TRY(line_to_start_from(files, plan.data, request, plan.version));
    plan.folder = request.output.empty() ? plan.data / "kernel/lines" / plan.version.series()
                                         : fs::absolute(request.output).lexically_normal();
    if (!plan.folder.has_filename()) // "--output folder/"
        plan.folder = plan.folder.parent_path();
    if (!request.dry_run)
        TRY(expect_free_place(files, plan, !request.output.empty()));
    TRY(expect_programs({{"patch", "patch"}, {"diff", "diffutils"}, {"git", "git"}}));
    return plan;
}

// A file that the kernel has, and that the hook must change wherever it is.
HunkReport left_out(const std::string &path)
{
    HunkReport report;
    report.file = path;
    report.number = 1;
    report.text = "# what this hook does to the file in newer kernels\n";
    report.look = {fmt::format("this variant of the hook leaves {} as it is", path)};
    return report;
}

// The variant of each hook that is worth porting, and what is known of the hook before that.
struct Candidates {
    std::vector<HookPatch> patches;
    std::vector<HookReport> reports; // also of those that are not needed; without hunks
    bool wants_merges = false;       // something is missing, or only patch(1) has found it
};

Result<Candidates> choose_candidates(const Env &env, const Plan &plan, const std::vector<Hook> &hooks, bool forced)
{
    const auto fitted = TRY(fit_hooks(env, hooks, plan.tree, plan.version.series()));
    Candidates candidates;
    for (std::size_t at = 0; at < hooks.size(); ++at) {
        const auto &hook = hooks[at];
        const auto &fit = fitted[at];
        HookReport report;
        report.name = hook.name + ".patch";
        report.required = hook.required;
        if (fit.fit == Fit::not_needed) {
            report.not_needed = fit.reason;
            candidates.reports.push_back(std::move(report));
            continue;
        }
        // Where no variant fits, the merges need the line's own.
        const bool by_name = forced || fit.fit == Fit::missing;
        const auto &named = variant_for(hook, plan.from.name);
        const auto best = std::find_if(hook.variants.begin(), hook.variants.end(),
                                       [&fit](const HookVariant &variant) { return variant.file == fit.patch; });
        const auto &variant = by_name || best == hook.variants.end() ? named : *best;
        report.variant = variant.series;
        candidates.wants_merges = candidates.wants_merges || by_name || fit.fuzz > 0;
        for (const auto &path : hook.whole) {
            if (env.files.exists(plan.tree / path) && !changes(variant.patch, path))
                report.hunks.push_back(left_out(path));
        }
        candidates.patches.push_back(variant.patch);
        candidates.patches.back().name = report.name;
        candidates.reports.push_back(std::move(report));
    }
    return candidates;
}

// What porting has found out, in the place of each hook that was ported.
void complete(std::vector<HookReport> &reports, std::vector<HookReport> ported)
{
    auto next = ported.begin();
    for (auto &report : reports) {
        if (!report.not_needed.empty())
            continue;
        report.description = std::move(next->description);
        report.diffs = std::move(next->diffs);
        report.hunks.insert(report.hunks.begin(), next->hunks.begin(), next->hunks.end());
        ++next;
    }
}

// Only the build can tell; it reports options that are not available.
void note_fragments(Filesystem &files, const KernelLine &line, PortReport &report)
{
    const auto names = files.list(line.config).value_or(std::vector<std::string>());
    if (!names.empty())
        report.notes.push_back(
            fmt::format("the line {} has configuration fragments of its own ({}), which the new line "
                        "also gets: check whether this kernel needs them",
                        line.name, fmt::join(names, ", ")));
}

// As the tree's own record has them, in the order in which they were applied.
std::vector<const HookPatch *> patches_in(Filesystem &files, const std::filesystem::path &tree,
                                          const std::vector<Hook> &known)
{
    std::vector<const HookPatch *> patches;
    for (const auto &entry : applied_hooks(files, tree)) {
        if (const auto *patch = patch_on_record(known, entry))
            patches.push_back(patch);
    }
    return patches;
}

// The files that a line's hooks were made for, as Debian has them: what a three-way merge starts from.
struct LineBase {
    SourceFiles files;
    std::string version; // of the Debian package, "6.12.117-1"
};

// Those that `hooks` touch, from the line's tree in the cache, which is made when it is not there: that takes a
// download. What is in that tree of `known` is taken out of the copies.
Result<LineBase> fetch_line_base(const Env &env, Workbench &bench, const KernelLine &line,
                                 const std::vector<HookPatch> &hooks, const std::vector<Hook> &known,
                                 const std::filesystem::path &data)
{
    const auto source = TRY(make_source(env, {}, line));
    // Without a network, apt continues with what it knows from earlier.
    TRY(source->identify());
    const auto tree = tree_folder(*source, TRY(hash_own_files(env, line.name, data)));
    const auto lock = TRY(env.files.lock(tree_lock_file(tree), "the kernel source"));
    TRY(prepare_tree(env, *source, {data, tree, line.name, {}}));

    LineBase base{read_touched_files(env.files, tree, hooks), source->facts().version};
    const auto applied = patches_in(env.files, tree, known);
    for (auto hook = applied.rbegin(); hook != applied.rend(); ++hook) {
        for (auto changes = (*hook)->files.rbegin(); changes != (*hook)->files.rend(); ++changes) {
            const auto text = base.files.find(changes->path);
            if (text != base.files.end()) // otherwise another variant than the one that is ported has changed it
                text->second = TRY(bench.unpatch(text->second, *changes));
        }
    }
    return base;
}

Result<void> add_base(const Env &env, Workbench &bench, const Plan &plan, const std::vector<Hook> &hooks,
                      PortInput &input, PortReport &report)
{
    auto base = fetch_line_base(env, bench, plan.from, input.hooks, hooks, plan.data);
    if (!base && base.error().code == ExitCode::interrupted)
        return tl::unexpected(base.error());
    if (!base) {
        report.notes.push_back(
            fmt::format("without three-way merges, as the source of the line {} is not available: {}", plan.from.name,
                        base.error().message));
        return {};
    }
    input.base = std::move(base->files);
    report.base = base->version;
    input.labels = {"Linux " + report.version, "Linux " + report.base,
                    fmt::format("Linux {} with the hook", report.base)};
    return {};
}

} // namespace

Result<void> write_line_folder(Filesystem &files, const std::filesystem::path &folder, const PortReport &report,
                               const KernelLine &from)
{
    const auto partial = with_suffix(folder, ".partial");
    return in_new_folder(files, partial, [&] {
        return fill(files, partial, report, from).and_then([&] { return files.rename(partial, folder); });
    });
}

Result<PortedLine> port_kernel(const Env &env, const PortRequest &request)
{
    const auto plan = TRY(make_plan(env.files, request));
    const auto hooks = TRY(load_hooks(env.files, plan.data));
    auto candidates = TRY(choose_candidates(env, plan, hooks, !request.from.empty()));
    PortInput input{plan.tree, std::move(candidates.patches), {}, {}};
    PortReport report;
    report.tree = plan.tree.string();
    report.version = plan.version.text();
    report.series = plan.version.series();
    report.from = plan.from.name;
    report.packaged = plan.from.has_package();
    report.forced = !request.from.empty();

    auto bench = TRY(Workbench::make(env));
    if (candidates.wants_merges)
        TRY(add_base(env, bench, plan, hooks, input, report));
    note_fragments(env.files, plan.from, report);
    auto ported = TRY(port_hooks(env, bench, input));
    report.hooks = std::move(candidates.reports);
    complete(report.hooks, std::move(ported));
    if (request.dry_run)
        return PortedLine{std::move(report), {}};
    TRY(write_line_folder(env.files, plan.folder, report, plan.from));
    return PortedLine{std::move(report), plan.folder};
}

} // namespace krun
