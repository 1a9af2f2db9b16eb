// SPDX-License-Identifier: MIT
// A parsed hook: its description, the files that it changes, and their hunks.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "util/result.hpp"

namespace krun
{

struct Hunk {
    std::size_t number = 0;         // in its file, from 1
    std::size_t old_line = 0;       // where it begins in the file that it was made for
    std::string section;            // what follows the second @@: often the function, often nothing
    std::vector<std::string> lines; // each with its first character, ' ', '-', '+' or '\'
    std::string text;               // as it stands in the patch, with the @@ line

    [[nodiscard]] std::size_t leading_context() const;  // lines before the first change
    [[nodiscard]] std::size_t trailing_context() const; // lines after the last
};

struct FilePatch {
    std::string path; // without the a/ or b/
    std::vector<Hunk> hunks;

    [[nodiscard]] std::string text() const; // headers and hunks
};

struct HookPatch {
    std::string name;        // of the file, "syscalls.patch"
    std::string description; // all lines before the first file, with the one that is only ---
    std::vector<FilePatch> files;
};

bool changes(const HookPatch &hook, const std::string &path);

// Hooks change files that are there: a patch that adds or removes one is an Error (what is new belongs into krun/).
Result<HookPatch> parse_hook(const std::string &name, const std::string &text);

} // namespace krun
