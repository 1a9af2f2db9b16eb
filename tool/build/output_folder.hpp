// SPDX-License-Identifier: MIT
// The folder for the result of a build: vmlinuz, config, System.map, packages if any, and metadata.json.
//
// Theory: metadata.json is written last and removed first, so that a folder that has one is complete. Nothing else that
// may lie in the folder is touched: it is the person's. Packages are ours when the last metadata.json names them.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// Nothing when the folder holds no complete build.
std::optional<nlohmann::ordered_json> read_metadata(Filesystem &files, const std::filesystem::path &folder);

// Before an hour of compiling: is it writable?
Result<void> expect_writable(Filesystem &files, const std::filesystem::path &folder);

// Copies the build's results from `objects`, and `packages`.
Result<void> fill_output(Filesystem &files, const std::filesystem::path &objects,
                         const std::vector<std::filesystem::path> &packages, const std::filesystem::path &folder,
                         const nlohmann::ordered_json &metadata);

} // namespace krun
