// SPDX-License-Identifier: MIT
// The Kconfig files of a tree: their symbols, and why one cannot have the value that was asked for.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "build/kconfig_expression.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// The symbols of a kernel tree and what each depends on, read from its Kconfig files.

// A symbol may be defined in several places; each has its own conditions.
struct KconfigDefinition {
    std::vector<std::string> conditions; // all must hold: of `depends on`, and what encloses it
    std::string prompt_condition;        // the prompt's `if`; empty: none
    bool has_prompt = false;             // otherwise it follows from other symbols and cannot be asked for
    std::string choice;                  // the prompt of the choice that it is a member of; empty: of none
};

struct KconfigTree {
    std::map<std::string, std::vector<KconfigDefinition>> symbols;
    std::map<std::string, std::vector<std::string>> selected_by;
};

// Follows `source` from <tree>/Kconfig with the given SRCARCH.
Result<KconfigTree> read_kconfig(Filesystem &files, const std::filesystem::path &tree, const std::string &architecture);

// Why a requested symbol is not in the final configuration.

// One line: "needs PERF_EVENTS, which is off", "there is no such symbol in this kernel", ...
std::string explain_unmet(const KconfigTree &tree, const ConfigValues &final_values, const std::string &symbol);

} // namespace krun
