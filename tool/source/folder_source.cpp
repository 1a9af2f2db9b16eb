// SPDX-License-Identifier: MIT
// The user's own kernel tree, in a folder or in git: a copy of it is built. It is never written to.
#include <fmt/format.h>
#include <utility>

#include "source/source.hpp"
#include "source/tarball.hpp"
#include "util/child_process.hpp"
#include "util/digest.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

class FolderSource : public Source
{
  public:
    FolderSource(const Env &env, SourceOrigin origin) : Source(env), origin_(std::move(origin))
    {
        facts_.text = origin_.text;
    }

    [[nodiscard]] std::vector<NeededProgram> programs() const override
    {
        if (origin_.kind == OriginKind::git)
            return {{"git", "git"}};
        return {{"rsync", "rsync"}};
    }

    // An Error when it is no kernel, has hooks in it already or was built in place; of git, also when its files are
    // not those of the commit that is checked out.
    Result<void> identify() override
    {
        facts_.series = TRY(kernel_version_of(env_.files, origin_.path, origin_.text));
        facts_.version = facts_.kernel = facts_.series->text();
        TRY(expect_usable(env_.files, origin_.path, origin_.text));
        TRY(expect_clean());
        if (origin_.kind == OriginKind::git) {
            TRY(expect_committed());
            facts_.identity = trim(TRY(ask_git({"rev-parse", "--verify", "HEAD^{commit}"})));
        } else {
            say(fmt::format("reading {}", origin_.text));
            facts_.identity = TRY(sha256_of_tree(env_.runner, origin_.path));
        }
        facts_.stem = stem_of_users_trees(origin_.name, facts_.identity);
        return lock();
    }

    [[nodiscard]] nlohmann::ordered_json metadata() const override
    {
        return {{"kind", name_of(origin_.kind)},
                {"origin", origin_.text},
                {"version", facts_.version},
                {"identity", facts_.identity}};
    }

    [[nodiscard]] HookedSource for_hooks() const override { return {origin_.text, origin_.path}; }
    [[nodiscard]] bool is_of_its_kind(const std::string &tree) const override { return is_users_tree(tree); }

  private:
    // Exactly the commit, or the folder without version control's files.
    Result<void> fetch_tree(const std::filesystem::path &work) override
    {
        say(fmt::format("copying {}", origin_.text));
        if (origin_.kind == OriginKind::git) {
            const auto tar = work / "source.tar";
            TRY(env_.runner.run_ok(
                git_command({"archive", "--format=tar", "--output=" + tar.string(), facts_.identity})));
            TRY(env_.runner.run_ok(tar_command(tar, work / "tree", 0)));
            return {};
        }
        Command copy;
        // Hooks go into the copy, also into that of a tree that nobody may write to.
        copy.argv = {"rsync", "-a", "--no-owner", "--no-group", "--chmod=u+rwX"};
        for (const auto *folder : {".git", ".hg", ".svn", ".bzr", "CVS"})
            copy.argv.push_back(fmt::format("--exclude={}", folder));
        copy.argv.insert(copy.argv.end(), {(origin_.path / "").string(), (work / "tree/").string()});
        TRY(env_.runner.run_ok(copy));
        return {};
    }

    [[nodiscard]] Command git_command(const std::vector<std::string> &arguments) const
    {
        Command command;
        // Without optional locks, git does not even refresh its index; and no daemon is left behind.
        command.argv = {"git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", origin_.path.string()};
        command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
        command.inherits = variables_for_git(); // with a GIT_DIR, it would look at another repository
        return command;
    }

    Result<std::string> ask_git(const std::vector<std::string> &arguments)
    {
        auto command = git_command(arguments);
        command.asks = true;
        const auto result = TRY(env_.runner.run(command));
        if (result.ok())
            return result.output;
        // git's first line says what is wrong; the rest may be a page of advice.
        const auto lines = lines_of(result.errors);
        return failure(fmt::format("git cannot read {}: {}", origin_.path.string(),
                                   lines.empty() ? fmt::format("status {}", result.status) : trim(lines.front())));
    }

    Result<void> expect_committed()
    {
        const auto status = TRY(ask_git({"status", "--porcelain", "-z", "--untracked-files=no"}));
        // "XY name", each ended by NUL
        const auto first = status.substr(0, status.find('\0'));
        if (first.size() > 3)
            return failure(fmt::format("{} has changes that are not committed, the first in {}", origin_.path.string(),
                                       shell_quoted(first.substr(3))),
                           "exactly the checked-out commit is built: commit them, or put them aside with `git stash`");
        return {};
    }

    // The same traces that make the kernel's own `make O=` refuse a tree.
    Result<void> expect_clean()
    {
        for (const auto *trace :
             {".config", "include/config", "include/generated/autoconf.h", "arch/x86/include/generated"}) {
            if (env_.files.exists(origin_.path / trace))
                return failure(
                    fmt::format("{} is not clean: it has {} from a build in place", origin_.path.string(), trace),
                    fmt::format("make -C {} mrproper (this removes its .config: keep a copy)",
                                shell_quoted(origin_.path.string())));
        }
        return {};
    }

    SourceOrigin origin_;
};

} // namespace

std::unique_ptr<Source> folder_source(const Env &env, SourceOrigin origin)
{
    return std::make_unique<FolderSource>(env, std::move(origin));
}

} // namespace krun
