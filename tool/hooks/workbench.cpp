// SPDX-License-Identifier: MIT
// patch(1), diff(1) and git merge-file at work on texts; see workbench.hpp.
#include "hooks/workbench.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>

#include "util/child_process.hpp"
#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr int trouble = 2;                 // status of patch(1) and diff(1) that is no answer
constexpr int most_conflicts = 127;        // git merge-file counts no further; above are its errors
constexpr std::size_t longest_side = 24;   // lines of one side of a conflict that are shown in full
constexpr std::size_t shown_at_an_end = 8; // of a longer one

tl::unexpected<Error> tool_failed(const std::string &tool, const ProcessResult &result)
{
    const auto lines = lines_of(trim(result.errors + result.output));
    return failure(fmt::format("{} failed with status {}: {}", tool, result.status,
                               lines.empty() ? "it printed nothing" : lines.back()));
}

// The word after `name` in "Hunk #1 succeeded at 72 with fuzz 2 (offset -5 lines)." as a number; 0 without one.
long number_after(const std::vector<std::string> &words, const std::string &name)
{
    const auto found = std::find(words.begin(), words.end(), name);
    return found == words.end() || found + 1 == words.end() ? 0 : std::strtol((found + 1)->c_str(), nullptr, 10);
}

std::vector<HunkFate> fates_in(const std::string &output, std::size_t hunks)
{
    std::vector<HunkFate> fates(hunks);
    for (const auto &line : lines_of(output)) {
        const auto words = words_of(line);
        if (words.size() < 5 || words[0] != "Hunk" || words[2] != "succeeded")
            continue;
        const auto number = std::strtoul(words[1].c_str() + 1, nullptr, 10);
        if (number < 1 || number > hunks)
            continue;
        fates[number - 1] = {true, static_cast<std::size_t>(number_after(words, "at")), number_after(words, "(offset"),
                             static_cast<unsigned>(number_after(words, "fuzz"))};
    }
    return fates;
}

// As for the programs that we run: a TMPDIR that cannot be used is left out.
std::filesystem::path temporary_folder()
{
    const char *named = std::getenv("TMPDIR");
    const bool usable = named != nullptr && named[0] == '/' && access(named, W_OK | X_OK) == 0;
    return usable ? named : "/tmp";
}

bool is_marker(const std::string &line)
{
    return line.starts_with("<<<<<<< ") || line.starts_with("||||||| ") || line == "=======" ||
           line.starts_with(">>>>>>> ");
}

void append_side(std::string &text, std::vector<std::string> &side)
{
    for (std::size_t at = 0; at < side.size(); ++at) {
        if (side.size() > longest_side && at == shown_at_an_end) {
            const auto left_out = side.size() - 2 * shown_at_an_end;
            text += fmt::format("[{} lines left out]\n", left_out);
            at += left_out;
        }
        text += side[at] + "\n";
    }
    side.clear();
}

std::string conflicts_in(const std::string &merged)
{
    std::string text;
    std::vector<std::string> side;
    bool inside = false;
    for (const auto &line : lines_of(merged)) {
        if (line.starts_with("<<<<<<< "))
            inside = true;
        if (!inside)
            continue;
        if (!is_marker(line)) {
            side.push_back(line);
            continue;
        }
        append_side(text, side);
        text += line + "\n";
        if (line.starts_with(">>>>>>> "))
            inside = false;
    }
    return text;
}

} // namespace

bool PatchedText::complete() const
{
    return std::all_of(fates.begin(), fates.end(), [](const HunkFate &fate) { return fate.placed; });
}

Result<Workbench> Workbench::make(const Env &env)
{
    return Workbench(env, TRY(ScratchFolder::make_in_public(env.files, temporary_folder(), "krunctl-port")));
}

Result<ProcessResult> Workbench::run(std::vector<std::string> argv,
                                     const std::vector<std::pair<std::string, std::string>> &texts)
{
    for (const auto &[name, text] : texts)
        TRY(env_.files.write(folder_.path() / name, text));
    Command command;
    command.asks = true; // of a scratch folder
    command.argv = std::move(argv);
    command.directory = folder_.path();
    command.inherits = variables_for_git(); // git merge-file refuses to work with a GIT_DIR that is none
    return env_.runner.run(command);
}

Result<PatchedText> Workbench::patch(const std::string &text, const FilePatch &changes)
{
    if (changes.hunks.empty()) // no patch for patch(1)
        return PatchedText{text, {}};
    // --forward: a change that is there already is a hunk without a place, not one to be taken out.
    const auto result = TRY(run({"patch", "--batch", "--forward", "--verbose", "--no-backup-if-mismatch",
                                 "--reject-file=-", "-i", "changes", "text"},
                                {{"text", text}, {"changes", changes.text()}}));
    if (result.status >= trouble)
        return tool_failed("patch", result);
    auto patched = TRY(env_.files.read(folder_.path() / "text"));
    return PatchedText{std::move(patched), fates_in(result.output, changes.hunks.size())};
}

Result<std::string> Workbench::unpatch(const std::string &text, const FilePatch &changes)
{
    const auto result =
        TRY(run({"patch", "-R", "--force", "--no-backup-if-mismatch", "--reject-file=-", "-i", "changes", "text"},
                {{"text", text}, {"changes", changes.text()}}));
    if (!result.ok())
        return tool_failed("patch -R", result);
    return env_.files.read(folder_.path() / "text");
}

Result<std::string> Workbench::difference(const std::string &path, const std::string &before, const std::string &after)
{
    const auto result = TRY(run({"diff", "-u", "--label", "a/" + path, "--label", "b/" + path, "before", "after"},
                                {{"before", before}, {"after", after}}));
    if (result.status >= trouble)
        return tool_failed("diff", result);
    return result.output;
}

Result<MergedText> Workbench::merge(const std::string &tree, const std::string &line, const std::string &with_hook,
                                    const MergeLabels &labels)
{
    const auto result = TRY(run({"git", "merge-file", "-p", "--diff3", "-L", labels.tree, "-L", labels.line, "-L",
                                 labels.hook, "tree", "line", "hook"},
                                {{"tree", tree}, {"line", line}, {"hook", with_hook}}));
    if (result.status > most_conflicts)
        return tool_failed("git merge-file", result);
    if (!result.ok())
        return MergedText{false, {}, conflicts_in(result.output)};
    return MergedText{true, result.output, {}};
}

} // namespace krun
