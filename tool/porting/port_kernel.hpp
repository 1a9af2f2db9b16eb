// SPDX-License-Identifier: MIT
// From a kernel tree that no line covers to a new line's folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "hooks/hook_patch.hpp"
#include "hooks/known_hooks.hpp"
#include "hooks/workbench.hpp"
#include "porting/port_hooks.hpp"
#include "porting/port_report.hpp"
#include "source/kernel_line.hpp"
#include "util/env.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// The files that a line's hooks were made for, as Debian has them: what a three-way merge starts from.

struct LineBase {
    SourceFiles files;
    std::string version; // of the Debian package, "6.12.117-1"
};

// Those that `hooks` touch, from the line's tree in the cache, which is made when it is not there: that takes a
// download. What is in that tree of `known` is taken out of the copies.
Result<LineBase> fetch_line_base(const Env &env, Workbench &bench, const KernelLine &line,
                                 const std::vector<HookPatch> &hooks, const std::vector<Hook> &known,
                                 const std::filesystem::path &data);

// The folder of a new kernel line: line.toml, hooks/ and, as long as something is missing, hooks/PORTING.md.

// Appears whole or not at all.
Result<void> write_line_folder(Filesystem &files, const std::filesystem::path &folder, const PortReport &report,
                               const KernelLine &from);

struct PortRequest {
    std::filesystem::path tree;   // only read
    std::string from;             // line to start from; empty: the nearest
    std::filesystem::path output; // the new line's folder; empty: where the lines are
    bool dry_run = false;
};

struct PortedLine {
    PortReport report;
    std::filesystem::path folder; // empty after a dry run
};

// Missing hunks are not an Error: they are in the report.
Result<PortedLine> port_kernel(const Env &env, const PortRequest &request);

} // namespace krun
