// SPDX-License-Identifier: MIT
// The folder of a new kernel line: line.toml, hooks/ and, as long as something is missing, hooks/PORTING.md.
#pragma once

#include <filesystem>

#include "porting/port_report.hpp"
#include "source/kernel_line.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// Appears whole or not at all.
Result<void> write_line_folder(Filesystem &files, const std::filesystem::path &folder, const PortReport &report,
                               const KernelLine &from);

} // namespace krun
