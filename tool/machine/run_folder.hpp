// SPDX-License-Identifier: MIT
// The folder that one run of a machine keeps its image in, and the place of its console log.
#pragma once

#include <filesystem>

#include "util/filesystem.hpp"
#include "util/result.hpp"
#include "util/scratch_folder.hpp"

namespace krun
{

// In <cache>/run.
Result<ScratchFolder> make_run_folder(Filesystem &files);
// For a command that is only shown.
std::filesystem::path example_of_run_folder();

// A new file in <cache>/logs, whose name nobody else has; of the older console logs there only the newest are kept.
Result<std::filesystem::path> new_console_log(Filesystem &files);

} // namespace krun
