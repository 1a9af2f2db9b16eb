// SPDX-License-Identifier: MIT
// patch(1), diff(1) and git merge-file at work on texts: each call puts the texts into scratch files of its own,
// so that no tree is ever touched.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hooks/hook_patch.hpp"
#include "util/env.hpp"
#include "util/scratch_folder.hpp"

namespace krun
{

// What patch(1) did with one hunk.
struct HunkFate {
    bool placed = false;
    std::size_t line = 0; // where it begins in the result
    long offset = 0;
    unsigned fuzz = 0;

    [[nodiscard]] bool exactly() const { return placed && offset == 0 && fuzz == 0; }
};

struct PatchedText {
    std::string text;            // with all hunks that could be placed
    std::vector<HunkFate> fates; // one for each hunk

    [[nodiscard]] bool complete() const;
};

struct MergedText {
    bool clean = false;
    std::string text;     // worth something only when clean
    std::string conflict; // the conflicts, with long sides shortened
};

// The names of the three sides in a conflict.
struct MergeLabels {
    std::string tree;
    std::string line;
    std::string hook;
};

class Workbench
{
  public:
    // A folder in the system's place for temporary files; gone with the object.
    static Result<Workbench> make(const Env &env);

    // With patch(1)'s usual fuzz of 2. Hunks that find no place are no Error.
    Result<PatchedText> patch(const std::string &text, const FilePatch &changes);
    // Takes all of the changes out again; an Error when they are not in the text.
    Result<std::string> unpatch(const std::string &text, const FilePatch &changes);
    // A unified diff with a/ and b/ and no timestamps; empty when the texts are equal.
    Result<std::string> difference(const std::string &path, const std::string &before, const std::string &after);
    // What the hook did to the line's file, done to the tree's: `with_hook` differs from `line` by the hook alone.
    Result<MergedText> merge(const std::string &tree, const std::string &line, const std::string &with_hook,
                             const MergeLabels &labels);

  private:
    Workbench(const Env &env, ScratchFolder folder) : env_(env), folder_(std::move(folder)) {}
    Result<ProcessResult> run(std::vector<std::string> argv,
                              const std::vector<std::pair<std::string, std::string>> &texts);

    Env env_;
    ScratchFolder folder_;
};

} // namespace krun
