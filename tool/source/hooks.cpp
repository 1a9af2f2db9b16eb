// SPDX-License-Identifier: MIT
// The hooks; see hooks.hpp.
#include "source/hooks.hpp"

#include <fmt/format.h>

#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// What patch(1) said, as one line: "hunk #2 of kernel/sys.c failed".
std::string first_failure(const std::string &output)
{
    std::string file;
    for (const auto &line : lines_of(output)) {
        for (const auto *prefix : {"patching file ", "checking file "}) {
            if (line.starts_with(prefix))
                file = trim(line.substr(std::string_view(prefix).size()));
        }
        if (line.starts_with("can't find file to patch"))
            return "the file to patch is not in the tree";
        const auto words = words_of(line);
        if (words.size() >= 3 && words[0] == "Hunk" && words[2] == "FAILED")
            return fmt::format("hunk {} of {} failed", words[1], file);
        if (line.find("Reversed (or previously applied) patch") != std::string::npos)
            return fmt::format("{} has the change already", file);
        if (line.find("malformed patch") != std::string::npos || line.find("Only garbage") != std::string::npos)
            return trim(line);
    }
    return trim(output);
}

Result<void> apply(ProcessRunner &runner, const std::filesystem::path &tree, const std::filesystem::path &patch,
                   bool dry_run)
{
    const auto result = runner.run(patch_command(tree, patch, dry_run));
    if (!result)
        return tl::unexpected(result.error());
    if (!result->ok())
        return failure(fmt::format("the hook {} does not apply: {}", patch.filename().string(),
                                   first_failure(result->output + result->errors)),
                       fmt::format("the kernel has changed there; adapt {}", patch.string()));
    if (dry_run) {
        for (const auto &line : lines_of(result->output)) {
            if (line.find(" with fuzz ") != std::string::npos)
                say(fmt::format("note: {}: {}", patch.filename().string(), trim(line)));
        }
    }
    return {};
}

} // namespace

Result<std::vector<std::filesystem::path>> read_series(Filesystem &files, const std::filesystem::path &hooks)
{
    const auto text = files.read(hooks / "series");
    if (!text)
        return tl::unexpected(text.error());
    std::vector<std::filesystem::path> patches;
    for (const auto &line : lines_of(*text)) {
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

Result<void> apply_hooks(ProcessRunner &runner, Filesystem &files, const std::filesystem::path &hooks,
                         const std::filesystem::path &tree)
{
    const auto patches = read_series(files, hooks);
    if (!patches)
        return tl::unexpected(patches.error());
    for (const auto &patch : *patches) {
        if (!files.exists(patch))
            return failure(fmt::format("the series names {}, which does not exist", patch.string()));
        for (const bool dry_run : {true, false}) {
            if (auto applied = apply(runner, tree, patch, dry_run); !applied)
                return applied;
        }
    }
    return {};
}

} // namespace krun
