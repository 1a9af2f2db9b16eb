// SPDX-License-Identifier: MIT
// What one case of CTest leaves for the runner: its tests, and what later cases and the table of lines need.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "report/tally.hpp"
#include "util/filesystem.hpp"

namespace krun
{

struct CaseResult {
    Tally tally;
    std::map<std::string, bool> stages;       // of a kernel line, by the names of line_stages: whether it went well
    std::map<std::string, std::string> facts; // "version", "release", "rate", a built kernel's folders
    std::string not_run;                      // why the case did not run; empty: it ran
    bool proven_before = false;               // not run again: it has passed with exactly these inputs
};

nlohmann::ordered_json to_json(const CaseResult &result);
// Nothing for what is no result.
std::optional<CaseResult> case_result_from(const std::string &text);

// In the folder of results.
std::filesystem::path result_file(const std::filesystem::path &folder, const std::string &name);
std::optional<CaseResult> read_result(Filesystem &files, const std::filesystem::path &file);

} // namespace krun
