// SPDX-License-Identifier: MIT
// A kernel tree of the user's own; see user_tree.hpp.
#include "source/user_tree.hpp"

#include <fmt/format.h>

#include "source/kernel_tree.hpp"
#include "source/tarball.hpp"
#include "util/child_environment.hpp"
#include "util/digest.hpp"
#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

Command git_command(const std::filesystem::path &tree, const std::vector<std::string> &arguments)
{
    Command command;
    // Without optional locks, git does not even refresh its index; and no daemon is left behind.
    command.argv = {"git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", tree.string()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment["LC_ALL"] = "C";
    command.inherits = variables_for_git(); // with a GIT_DIR, it would look at another repository
    return command;
}

Result<std::string> ask_git(ProcessRunner &runner, const std::filesystem::path &tree,
                            const std::vector<std::string> &arguments)
{
    const auto result = TRY(runner.run(git_command(tree, arguments)));
    if (result.ok())
        return result.output;
    // git's first line says what is wrong; the rest may be a page of advice.
    const auto lines = lines_of(result.errors);
    return failure(fmt::format("git cannot read {}: {}", tree.string(),
                               lines.empty() ? fmt::format("status {}", result.status) : trim(lines.front())));
}

Result<void> check_git(ProcessRunner &runner, const std::filesystem::path &tree)
{
    const auto status = TRY(ask_git(runner, tree, {"status", "--porcelain", "-z", "--untracked-files=no"}));
    // "XY name", each ended by NUL
    const auto first = status.substr(0, status.find('\0'));
    if (first.size() > 3)
        return failure(fmt::format("{} has changes that are not committed, the first in {}", tree.string(),
                                   shell_quoted(first.substr(3))),
                       "exactly the checked-out commit is built: commit them, or put them aside with `git stash`");
    return {};
}

// The same traces that make the kernel's own `make O=` refuse a tree.
Result<void> check_clean(Filesystem &files, const std::filesystem::path &tree)
{
    for (const auto *trace :
         {".config", "include/config", "include/generated/autoconf.h", "arch/x86/include/generated"}) {
        if (files.exists(tree / trace))
            return failure(fmt::format("{} is not clean: it has {} from a build in place", tree.string(), trace),
                           fmt::format("make -C {} mrproper (this removes its .config: keep a copy)",
                                       shell_quoted(tree.string())));
    }
    return {};
}

} // namespace

Result<void> check_user_tree(const Env &env, const SourceOrigin &origin)
{
    TRY(kernel_version_of(env.files, origin.path, origin.text));
    TRY(expect_usable(env.files, origin.path, origin.text));
    TRY(check_clean(env.files, origin.path));
    if (origin.kind == OriginKind::git)
        return check_git(env.runner, origin.path);
    return {};
}

Result<std::string> identity_of_user_tree(ProcessRunner &runner, const SourceOrigin &origin)
{
    if (origin.kind == OriginKind::git) {
        const auto commit = TRY(ask_git(runner, origin.path, {"rev-parse", "--verify", "HEAD^{commit}"}));
        return trim(commit);
    }
    say(fmt::format("reading {}", origin.text));
    return sha256_of_tree(runner, origin.path);
}

std::vector<Command> copy_commands(const SourceOrigin &origin, const std::string &identity,
                                   const std::filesystem::path &work)
{
    if (origin.kind == OriginKind::git) {
        const auto tar = work / "source.tar";
        return {git_command(origin.path, {"archive", "--format=tar", "--output=" + tar.string(), identity}),
                tar_command(tar, work / "tree", 0)};
    }
    Command copy;
    // Hooks go into the copy, also into that of a tree that nobody may write to.
    copy.argv = {"rsync", "-a", "--no-owner", "--no-group", "--chmod=u+rwX"};
    for (const auto *folder : {".git", ".hg", ".svn", ".bzr", "CVS"})
        copy.argv.push_back(fmt::format("--exclude={}", folder));
    copy.argv.insert(copy.argv.end(), {(origin.path / "").string(), (work / "tree/").string()});
    copy.environment["LC_ALL"] = "C";
    return {copy};
}

Result<void> copy_user_tree(ProcessRunner &runner, const SourceOrigin &origin, const std::string &identity,
                            const std::filesystem::path &work)
{
    say(fmt::format("copying {}", origin.text));
    for (const auto &command : copy_commands(origin, identity, work)) {
        TRY(runner.run_ok(command));
    }
    return {};
}

} // namespace krun
