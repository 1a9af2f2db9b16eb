// SPDX-License-Identifier: MIT
// Navigating a source file's text: what encloses a line, and where a missing hunk could belong.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hooks/hook_patch.hpp"
#include "util/process.hpp"

namespace krun
{

// The line that opens the function, struct or Kconfig entry that holds `line` (from 1); empty at file level.
std::string heading_of(const std::string &text, std::size_t line);

// The name that is looked for again: "do_exit" of "void __noreturn do_exit(long code)"; empty without one.
std::string name_in_heading(const std::string &heading);

// The text as it was before the hunk was placed at `line`; nothing when it is not there.
std::optional<std::string> without_hunk(const std::string &text, const Hunk &hunk, std::size_t line);

// Where `after` first differs from `before`, from 1.
std::size_t first_difference(const std::string &before, const std::string &after);

// Sentences about a hunk that found no place in `text`, which is `tree`/`path`.
std::vector<std::string> where_to_look(ProcessRunner &runner, const std::filesystem::path &tree,
                                       const std::string &path, const std::string &text, const Hunk &hunk,
                                       const std::string &old_heading);
// The same for a file that the tree does not have.
std::vector<std::string> where_the_file_is(ProcessRunner &runner, const std::filesystem::path &tree,
                                           const std::string &path);

} // namespace krun
