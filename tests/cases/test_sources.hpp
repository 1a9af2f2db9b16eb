// SPDX-License-Identifier: MIT
// Kernel sources that a person brings to a run of the tests: `--source SERIES=TREE`.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// The tree by its series, "4.9": that of a line, or another one.
using TestSources = std::map<std::string, std::filesystem::path>;

// A usage error for what is not SERIES=TREE with the folder of a kernel of that series.
Result<TestSources> read_sources(Filesystem &files, const std::vector<std::string> &options);

// As the cases get them in their environment, and back.
std::string as_text(const TestSources &sources);
TestSources sources_in(const std::string &text);

} // namespace krun
