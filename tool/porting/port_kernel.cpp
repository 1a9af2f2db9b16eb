// SPDX-License-Identifier: MIT
// From a kernel tree that no line covers to a new line's folder; see port_kernel.hpp.
#include "porting/port_kernel.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "porting/hook_patch.hpp"
#include "porting/line_base.hpp"
#include "porting/line_folder.hpp"
#include "porting/port_hooks.hpp"
#include "porting/workbench.hpp"
#include "source/hooks.hpp"
#include "source/kernel_line.hpp"
#include "source/kernel_tree.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

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
    auto version = kernel_version_of(files, tree, tree.string());
    if (!version)
        return version;
    if (auto unpatched = expect_unpatched(files, tree, tree.string()); !unpatched)
        return tl::unexpected(unpatched.error());
    return version;
}

Result<KernelLine> line_to_start_from(Filesystem &files, const fs::path &data, const PortRequest &request,
                                      const KernelVersion &version)
{
    if (!request.from.empty())
        return find_kernel_line(files, data, request.from);
    const auto lines = load_kernel_lines(files, data);
    if (!lines)
        return tl::unexpected(lines.error());
    if (lines->empty())
        return failure(fmt::format("there is no kernel line in {} to start from", (data / "kernel/lines").string()));
    return nearest_line(*lines, version);
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
    auto version = version_to_port(files, plan.tree);
    if (!version)
        return tl::unexpected(version.error());
    plan.version = std::move(*version);
    auto from = line_to_start_from(files, plan.data, request, plan.version);
    if (!from)
        return tl::unexpected(from.error());
    plan.from = std::move(*from);
    plan.folder = request.output.empty() ? plan.data / "kernel/lines" / plan.version.series()
                                         : fs::absolute(request.output).lexically_normal();
    if (!plan.folder.has_filename()) // "--output folder/"
        plan.folder = plan.folder.parent_path();
    if (!request.dry_run) {
        if (auto place = expect_free_place(files, plan, !request.output.empty()); !place)
            return tl::unexpected(place.error());
    }
    if (auto present = expect_programs({{"patch", "patch"}, {"diff", "diffutils"}, {"git", "git"}}); !present)
        return tl::unexpected(present.error());
    return plan;
}

Result<std::vector<HookPatch>> read_hooks(Filesystem &files, const KernelLine &line)
{
    const auto patches = read_series(files, line.hooks);
    if (!patches)
        return tl::unexpected(patches.error());
    std::vector<HookPatch> hooks;
    for (const auto &patch : *patches) {
        const auto text = files.read(patch);
        if (!text)
            return tl::unexpected(text.error());
        auto hook = parse_hook(patch.filename().string(), *text);
        if (!hook)
            return tl::unexpected(hook.error());
        hooks.push_back(std::move(*hook));
    }
    if (hooks.empty())
        return failure(fmt::format("the series of the line {} names no patch", line.name));
    return hooks;
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

Result<void> add_base(ProcessRunner &runner, Filesystem &files, Workbench &bench, const Plan &plan, PortInput &input,
                      PortReport &report)
{
    auto base = fetch_line_base(runner, files, bench, plan.from, input.hooks, plan.data);
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

Result<PortedLine> port_kernel(ProcessRunner &runner, Filesystem &files, const PortRequest &request)
{
    const auto plan = make_plan(files, request);
    if (!plan)
        return tl::unexpected(plan.error());
    auto hooks = read_hooks(files, plan->from);
    if (!hooks)
        return tl::unexpected(hooks.error());
    PortInput input{plan->tree, std::move(*hooks), {}, {}};
    PortReport report;
    report.tree = plan->tree.string();
    report.version = plan->version.text();
    report.series = plan->version.series();
    report.from = plan->from.name;

    auto bench = Workbench::make(runner, files);
    if (!bench)
        return tl::unexpected(bench.error());
    if (auto added = add_base(runner, files, *bench, *plan, input, report); !added)
        return tl::unexpected(added.error());
    note_fragments(files, plan->from, report);
    auto ported = port_hooks(runner, files, *bench, input);
    if (!ported)
        return tl::unexpected(ported.error());
    report.hooks = std::move(*ported);
    if (request.dry_run)
        return PortedLine{std::move(report), {}};
    if (auto written = write_line_folder(files, plan->folder, report, plan->from); !written)
        return tl::unexpected(written.error());
    return PortedLine{std::move(report), plan->folder};
}

} // namespace krun
