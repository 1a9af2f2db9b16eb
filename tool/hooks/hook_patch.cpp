// SPDX-License-Identifier: MIT

#include "hooks/hook_patch.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <string_view>

#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

bool is_context(const std::string &line) { return line.starts_with(' '); }

// "12,5" of "@@ -12,5 +13,6 @@"; a lone "12" means one line.
bool parse_range(const std::string &word, char sign, std::size_t &line, std::size_t &count)
{
    const auto *const end = word.data() + word.size();
    if (word.empty() || word.front() != sign)
        return false;
    count = 1;
    auto parsed = std::from_chars(word.data() + 1, end, line);
    if (parsed.ec == std::errc() && parsed.ptr != end && *parsed.ptr == ',')
        parsed = std::from_chars(parsed.ptr + 1, end, count);
    return parsed.ec == std::errc() && parsed.ptr == end;
}

// "--- a/kernel/exit.c<tab>date": the path without its first folder, as patch -p1 has it.
std::string path_in(const std::string &line)
{
    const auto path =
        trim(line.substr(4, line.find('\t') == std::string::npos ? std::string::npos : line.find('\t') - 4));
    const auto slash = path.find('/');
    return slash == std::string::npos ? std::string() : path.substr(slash + 1);
}

class HookParser
{
  public:
    HookParser(const std::string &name, const std::string &text) : name_(name), lines_(lines_of(text)) {}

    Result<HookPatch> parse()
    {
        HookPatch hook;
        hook.name = name_;
        for (; at_ < lines_.size() && !begins_file() && !lines_[at_].starts_with("diff "); ++at_)
            hook.description += lines_[at_] + "\n";
        while (at_ < lines_.size()) {
            if (!begins_file()) { // "diff --git", "index": nothing that the other lines do not say
                ++at_;
                continue;
            }
            hook.files.push_back(TRY(parse_file()));
        }
        if (hook.files.empty())
            return malformed("it changes no file");
        return hook;
    }

  private:
    [[nodiscard]] bool begins_file() const
    {
        return at_ + 1 < lines_.size() && lines_[at_].starts_with("--- ") && lines_[at_ + 1].starts_with("+++ ");
    }
    [[nodiscard]] tl::unexpected<Error> malformed(const std::string &why) const
    {
        return failure(fmt::format("the hook {} is malformed: {}", name_, why));
    }

    Result<FilePatch> parse_file()
    {
        if (lines_[at_].starts_with("--- /dev/null") || lines_[at_ + 1].starts_with("+++ /dev/null"))
            return malformed("it adds or removes a whole file, and hooks only change files");
        FilePatch file;
        file.path = path_in(lines_[at_ + 1]);
        if (file.path.empty())
            return malformed(fmt::format("line {} names no file below a/ or b/", at_ + 2));
        at_ += 2;
        while (at_ < lines_.size() && lines_[at_].starts_with("@@ ")) {
            auto hunk = TRY(parse_hunk());
            hunk.number = file.hunks.size() + 1;
            file.hunks.push_back(std::move(hunk));
        }
        if (file.hunks.empty())
            return malformed(fmt::format("line {} should begin a hunk of {}", at_ + 1, file.path));
        return file;
    }

    Result<Hunk> parse_hunk()
    {
        Hunk hunk;
        const auto begin = at_;
        const auto words = words_of(lines_[at_]);
        std::size_t new_line = 0;
        std::size_t old_count = 0;
        std::size_t new_count = 0;
        if (words.size() < 4 || !parse_range(words[1], '-', hunk.old_line, old_count) ||
            !parse_range(words[2], '+', new_line, new_count))
            return malformed(fmt::format("line {} is not an @@ line", begin + 1));
        hunk.section = trim(lines_[at_].substr(lines_[at_].find("@@", 2) + 2));
        hunk.text = lines_[at_] + "\n";
        for (++at_; at_ < lines_.size() && (old_count > 0 || new_count > 0 || lines_[at_].starts_with('\\')); ++at_) {
            // Editors strip the blank of an empty context line.
            auto line = lines_[at_].empty() ? std::string(" ") : lines_[at_];
            const bool is_old = line.front() == ' ' || line.front() == '-';
            const bool is_new = line.front() == ' ' || line.front() == '+';
            if ((!is_old && !is_new && line.front() != '\\') || (is_old && old_count == 0) ||
                (is_new && new_count == 0))
                return malformed(fmt::format("line {} does not belong to its hunk", at_ + 1));
            old_count -= is_old ? 1 : 0;
            new_count -= is_new ? 1 : 0;
            hunk.text += line + "\n";
            hunk.lines.push_back(std::move(line));
        }
        if (old_count > 0 || new_count > 0)
            return malformed(fmt::format("the hunk in line {} ends too early", begin + 1));
        return hunk;
    }

    std::string name_;
    std::vector<std::string> lines_;
    std::size_t at_ = 0;
};

// What patch(1) complained of first, and where that is to be looked for.
std::string first_complaint(const std::string &output)
{
    std::string file;
    bool not_found = false;
    for (const auto &line : lines_of(output)) {
        for (const std::string_view prefix : {"patching file ", "checking file "}) {
            if (line.starts_with(prefix))
                file = trim(line.substr(prefix.size()));
        }
        not_found = not_found || line.starts_with("can't find file to patch");
        if (not_found && line.starts_with("|+++ ")) // its quotation of the patch
            return fmt::format("{} is not in the tree", path_in(line.substr(1)));
        const auto words = words_of(line);
        if (words.size() >= 3 && words[0] == "Hunk" && words[2] == "FAILED") {
            const bool has_line = words.size() >= 5 && words[3] == "at"; // "17.", from the hunk's header
            return fmt::format("hunk {0} of {1} failed; look at {1}{2}{3}", words[1], file,
                               has_line ? ", at about line " : "",
                               has_line ? words[4].substr(0, words[4].find('.')) : "");
        }
        if (line.find("Reversed (or previously applied) patch") != std::string::npos)
            return fmt::format("{0} has the change already; look at {0}", file);
        if (line.find("malformed patch") != std::string::npos || line.find("Only garbage") != std::string::npos)
            return trim(line);
    }
    return not_found ? "the file to patch is not in the tree" : trim(last_lines(output, 1));
}

} // namespace

std::size_t Hunk::leading_context() const
{
    return static_cast<std::size_t>(std::find_if_not(lines.begin(), lines.end(), is_context) - lines.begin());
}

std::size_t Hunk::trailing_context() const
{
    return static_cast<std::size_t>(std::find_if_not(lines.rbegin(), lines.rend(), is_context) - lines.rbegin());
}

std::string FilePatch::text() const
{
    auto text = fmt::format("--- a/{0}\n+++ b/{0}\n", path);
    for (const auto &hunk : hunks)
        text += hunk.text;
    return text;
}

Result<HookPatch> parse_hook(const std::string &name, const std::string &text)
{
    return HookParser(name, text).parse();
}

bool changes(const HookPatch &hook, const std::string &path)
{
    return std::any_of(hook.files.begin(), hook.files.end(),
                       [&path](const FilePatch &file) { return file.path == path; });
}

Result<std::vector<std::filesystem::path>> read_series(Filesystem &files, const std::filesystem::path &hooks)
{
    const auto text = TRY(files.read(hooks / "series"));
    std::vector<std::filesystem::path> patches;
    for (const auto &line : lines_of(text)) {
        const auto words = words_of(line.substr(0, line.find('#')));
        if (!words.empty())
            patches.push_back(hooks / words.front());
    }
    return patches;
}

Command patch_command(const std::filesystem::path &tree, const std::filesystem::path &patch, bool dry_run)
{
    Command command;
    command.argv = {"patch", "-p1", "--batch", "--forward", "--no-backup-if-mismatch", "--reject-file=-"};
    if (dry_run)
        command.argv.emplace_back("--dry-run");
    command.argv.insert(command.argv.end(), {"-i", patch.string()});
    command.directory = tree;
    return command;
}

Result<void> apply_patch(ProcessRunner &runner, const std::filesystem::path &tree, const std::filesystem::path &patch,
                         const std::string &name, bool dry_run)
{
    const auto result = TRY(runner.run(patch_command(tree, patch, dry_run)));
    if (tells_of_full_disk(result.errors))
        return full_disk("the file system of " + tree.string());
    if (result.ok())
        return {};
    return failure(fmt::format("{} does not apply: {}", name, first_complaint(result.output + result.errors)));
}

Result<void> apply_series(const Env &env, const std::filesystem::path &folder, const std::filesystem::path &tree)
{
    const auto patches = TRY(read_series(env.files, folder));
    for (const auto &patch : patches) {
        if (!env.files.exists(patch))
            return failure(fmt::format("the series names {}, which does not exist", patch.string()));
        for (const bool dry_run : {true, false})
            TRY(apply_patch(env.runner, tree, patch, "the patch " + patch.filename().string(), dry_run));
    }
    return {};
}

} // namespace krun
