// SPDX-License-Identifier: MIT
// The symbols of a kernel tree and what each depends on, read from its Kconfig files.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// A symbol may be defined in several places; each has its own conditions.
struct KconfigDefinition {
    std::vector<std::string> conditions; // all must hold: its own `depends on`, and those of what encloses it
    bool has_prompt = false;             // otherwise it follows from other symbols and cannot be asked for
    std::string prompt_condition;        // the prompt's `if`; empty: none
    std::string choice;                  // the prompt of the choice that it is a member of; empty: of none
};

struct KconfigTree {
    std::map<std::string, std::vector<KconfigDefinition>> symbols;
    std::map<std::string, std::vector<std::string>> selected_by;
};

// Follows `source` from <tree>/Kconfig with the given SRCARCH.
Result<KconfigTree> read_kconfig(Filesystem &files, const std::filesystem::path &tree, const std::string &architecture);

} // namespace krun
