// SPDX-License-Identifier: MIT
// The configuration of a private apt.
#pragma once

#include <filesystem>
#include <string>

#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// For an apt whose state, cache and krun.sources are below `folder`: of the machine's own configuration it has how to
// reach the mirrors and what to trust, and nothing else.
Result<std::string> apt_configuration(ProcessRunner &runner, const std::filesystem::path &folder);

} // namespace krun
