// SPDX-License-Identifier: MIT
// A folder of patches; see patch_series.hpp.
#include "hooks/patch_series.hpp"

#include <fmt/format.h>

#include "util/system_error.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// What patch(1) said.
struct Complaint {
    std::string words; // "hunk #2 of kernel/sys.c failed"
    std::string file;  // below the tree; empty when it is not about a place there
    std::string line;  // about where in it; empty if unknown
};

// "+++ b/kernel/sys.c" and a time, from patch's quotation of the patch.
std::string file_of_header(const std::string &line)
{
    const auto words = words_of(line);
    const auto slash = words.size() < 2 ? std::string::npos : words[1].find('/');
    return slash == std::string::npos ? std::string() : words[1].substr(slash + 1);
}

Complaint first_complaint(const std::string &output)
{
    std::string file;
    bool not_found = false;
    for (const auto &line : lines_of(output)) {
        for (const auto *prefix : {"patching file ", "checking file "}) {
            if (line.starts_with(prefix))
                file = trim(line.substr(std::string_view(prefix).size()));
        }
        not_found = not_found || line.starts_with("can't find file to patch");
        if (not_found && line.starts_with("|+++ "))
            return {fmt::format("{} is not in the tree", file_of_header(line)), {}, {}};
        const auto words = words_of(line);
        if (words.size() >= 3 && words[0] == "Hunk" && words[2] == "FAILED") {
            Complaint complaint{fmt::format("hunk {} of {} failed", words[1], file), file, {}};
            if (words.size() >= 5 && words[3] == "at") // "17.", from the hunk's header
                complaint.line = words[4].substr(0, words[4].find('.'));
            return complaint;
        }
        if (line.find("Reversed (or previously applied) patch") != std::string::npos)
            return {fmt::format("{} has the change already", file), file, {}};
        if (line.find("malformed patch") != std::string::npos || line.find("Only garbage") != std::string::npos)
            return {trim(line), {}, {}};
    }
    if (not_found)
        return {"the file to patch is not in the tree", {}, {}};
    return {trim(last_lines(output, 1)), {}, {}};
}

} // namespace

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
    command.environment["LC_ALL"] = "C";
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
    const auto complaint = first_complaint(result.output + result.errors);
    auto place = complaint.file.empty() ? std::string() : "; look at " + complaint.file;
    if (!complaint.line.empty())
        place += ", at about line " + complaint.line;
    return failure(fmt::format("{} does not apply: {}{}", name, complaint.words, place));
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
