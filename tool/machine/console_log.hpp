// SPDX-License-Identifier: MIT
// The console of a guest: where it is kept, and what of it tells of a problem.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "util/filesystem.hpp"
#include "util/result.hpp"
#include "util/scratch_folder.hpp"

namespace krun
{

// The folder that one run of a machine keeps its image in: in <cache>/run.
Result<ScratchFolder> make_run_folder(Filesystem &files);
// For a command that is only shown.
std::filesystem::path example_of_run_folder();

// A new file in <cache>/logs, whose name nobody else has; of the older console logs there only the newest are kept.
Result<std::filesystem::path> new_console_log(Filesystem &files);

// Finds a kernel's problem reports in the text of its console.

// Those lines, in order, without the trailing newline. Empty: no problem. For a stack trace that no such line
// announces, the line that it belongs to.
std::vector<std::string> console_problems(std::string_view console);
// The first line with "Kernel panic"; empty if there is none.
std::string panic_line(std::string_view console);

} // namespace krun
