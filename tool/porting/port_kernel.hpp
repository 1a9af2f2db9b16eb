// SPDX-License-Identifier: MIT
// From a kernel tree that no line covers to a new line's folder.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "porting/port_report.hpp"
#include "source/kernel_line.hpp"
#include "util/env.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

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
