// SPDX-License-Identifier: MIT
// The folder of a new kernel line; see line_folder.hpp.
#include "porting/line_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "porting/port_text.hpp"
#include "source/overlay.hpp"

namespace krun
{
namespace
{

std::string line_toml(const PortReport &report, const KernelLine &from)
{
    if (!from.has_package())
        return fmt::format("# SPDX-License-Identifier: MIT\n"
                           "# Ported by `krunctl port` from the line {0} to Linux {1}. Not proven: no kernel of this "
                           "line has\n"
                           "# passed the tests yet. Like {0}, it is built with `krunctl build --line {2} --source "
                           "TREE`.\n"
                           "tested = \"\"\n",
                           from.name, report.version, report.series);
    return fmt::format(
        "# SPDX-License-Identifier: MIT\n"
        "# Ported by `krunctl port` from the line {} to Linux {}. Not proven: no kernel of this line has\n"
        "# passed the tests yet, and nobody has checked that the suites have these packages.\n"
        "package = \"linux-source-{}\"\n"
        "config_package = \"linux-config-{}\"\n"
        "suites = [{}]\n"
        "tested = \"\"\n",
        from.name, report.version, report.series, report.series,
        from.suites.empty() ? "" : fmt::format("\"{}\"", fmt::join(from.suites, "\", \"")));
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

} // namespace

Result<void> write_line_folder(Filesystem &files, const std::filesystem::path &folder, const PortReport &report,
                               const KernelLine &from)
{
    auto partial = folder;
    partial += ".partial";
    TRY(files.remove_all(partial));
    auto done = fill(files, partial, report, from);
    if (done)
        done = files.rename(partial, folder);
    if (!done)
        static_cast<void>(files.remove_all(partial));
    return done;
}

} // namespace krun
