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

// A patch without a diff is none for patch(1): it stays out of the series until somebody has filled it.
std::string series(const PortReport &report)
{
    std::string text;
    for (const auto &hook : report.hooks)
        text += hook.diffs.empty() ? fmt::format("# none of it applied, see PORTING.md: {}\n", hook.name)
                                   : hook.name + "\n";
    return text;
}

Result<void> fill(Filesystem &files, const std::filesystem::path &folder, const PortReport &report,
                  const KernelLine &from)
{
    const auto hooks = folder / "hooks";
    if (auto made = files.make_directories(hooks); !made)
        return made;
    if (auto written = files.write(folder / "line.toml", line_toml(report, from)); !written)
        return written;
    if (auto written = files.write(hooks / "series", series(report)); !written)
        return written;
    for (const auto &hook : report.hooks) {
        if (auto written = files.write(hooks / hook.name, hook.description + hook.diffs); !written)
            return written;
    }
    if (files.exists(from.config)) {
        if (auto copied = mirror_folder(files, from.config, folder / "config"); !copied)
            return tl::unexpected(copied.error());
    }
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
    if (auto removed = files.remove_all(partial); !removed)
        return removed;
    auto done = fill(files, partial, report, from);
    if (done)
        done = files.rename(partial, folder);
    if (!done)
        static_cast<void>(files.remove_all(partial));
    return done;
}

} // namespace krun
