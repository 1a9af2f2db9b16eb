// SPDX-License-Identifier: MIT
// A repository that is changed as a whole; see staged_repository.hpp.
#include "install/staged_repository.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "util/result.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr const char *stage_name = ".krun-publish";
constexpr const char *stage_lock_name = ".krun-publish.lock";
constexpr const char *list_name = "committing"; // of the parts: inode number and name
// Of reprepro itself, which makes it when it begins and removes it at its end.
constexpr const char *reprepro_lock = "db/lockfile";

Result<void> run_quietly(ProcessRunner &runner, std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    command.environment["LC_ALL"] = "C";
    command.dies_with_us = true;
    TRY(runner.run_ok(command));
    return {};
}

// Empty when there is nothing.
std::string inode_of(const fs::path &path)
{
    struct stat status = {};
    return lstat(path.c_str(), &status) == 0 ? std::to_string(status.st_ino) : std::string();
}

} // namespace

fs::path StagedRepository::path() const { return folder_ / stage_name; }

Result<StagedRepository> StagedRepository::make(const Env &env, const fs::path &folder)
{
    const bool is_new = !env.files.exists(folder);
    const auto names = env.files.list(folder).value_or(std::vector<std::string>());
    // Also when an earlier publish made it, and was killed.
    const bool is_bare = std::all_of(names.begin(), names.end(), is_own_name);
    TRY(env.files.make_directories(folder));
    auto lock = TRY(FileLock::acquire(folder / stage_lock_name, "the repository " + folder.string()));
    StagedRepository staged(env, folder, {is_new, is_bare}, std::move(lock));
    TRY(staged.expect_no_other_reprepro());
    if (env.files.exists(staged.path() / list_name)) {
        say("completing the publish that was interrupted");
        staged.state_ = State::committing;
        TRY(staged.complete());
        staged.state_ = State::copying;
    }
    TRY(staged.copy());
    return staged;
}

StagedRepository::StagedRepository(StagedRepository &&other) noexcept
    : env_(other.env_), folder_(std::move(other.folder_)), before_(other.before_), state_(other.state_),
      lock_(std::move(other.lock_))
{
    other.folder_.clear();
}

StagedRepository::~StagedRepository()
{
    if (folder_.empty())
        return;
    if (state_ != State::committing)
        static_cast<void>(env_.files.remove_all(before_.missing && state_ == State::copying ? folder_ : path()));
}

Result<void> StagedRepository::expect_no_other_reprepro()
{
    const auto lock = folder_ / reprepro_lock;
    if (!env_.files.exists(lock))
        return {};
    return failure(
        fmt::format("a reprepro not started by krunctl is working on {}, or was killed there", folder_.string()),
        fmt::format("if none is running, remove {}", shell_quoted(lock.string())));
}

Result<void> StagedRepository::copy()
{
    // What a publish that was killed has left.
    TRY(env_.files.remove_all(path()));
    TRY(env_.files.make_directories(path()));
    for (const auto *part : {"conf", "db", "dists"}) {
        if (!env_.files.exists(folder_ / part))
            continue;
        TRY(run_quietly(env_.runner, {"cp", "-a", (folder_ / part).string(), path().string()}));
    }
    if (!env_.files.exists(folder_ / "pool"))
        return {};
    auto linked = run_quietly(env_.runner, {"cp", "-al", (folder_ / "pool").string(), path().string()});
    if (linked)
        return linked;
    // A file system without links.
    return env_.files.remove_all(path() / "pool").and_then([&] {
        return run_quietly(env_.runner, {"cp", "-a", (folder_ / "pool").string(), path().string()});
    });
}

Result<void> StagedRepository::let_everybody_read()
{
    std::vector<std::string> argv = {"chmod", "-R", "a+rX"};
    for (const auto &name : env_.files.list(path()).value_or(std::vector<std::string>())) {
        if (name != "conf" && name != "db")
            argv.push_back((path() / name).string());
    }
    if (auto done = run_quietly(env_.runner, argv); !done || !before_.bare)
        return done;
    return run_quietly(env_.runner, {"chmod", "a+rX", folder_.string()});
}

// Before any index names them. What no index names any more goes with the old pool, at the end.
Result<void> StagedRepository::add_new_packages()
{
    std::error_code error;
    const auto pool = path() / "pool";
    if (!fs::exists(pool, error))
        return {};
    for (fs::recursive_directory_iterator at(pool, error), end; !error && at != end; at.increment(error)) {
        if (at->is_directory())
            continue;
        TRY(add_package(at->path(), folder_ / "pool" / at->path().lexically_relative(pool)));
    }
    if (error)
        return system_failure("list", pool, error.value());
    return env_.files.exists(folder_ / "pool")
               ? run_quietly(env_.runner, {"chmod", "-R", "a+rX", (folder_ / "pool").string()})
               : Result<void>();
}

// What has the name already is this file, or one that no index names.
Result<void> StagedRepository::add_package(const fs::path &fresh, const fs::path &target)
{
    if (inode_of(fresh) == inode_of(target))
        return {};
    const auto part = target.string() + ".krun-publish";
    if (auto made =
            env_.files.make_directories(target.parent_path()).and_then([&] { return env_.files.remove_file(part); });
        !made)
        return made;
    std::error_code no_link;
    fs::create_hard_link(fresh, part, no_link);
    if (no_link)
        TRY(env_.files.copy_file(fresh, part));
    return env_.files.rename(part, target);
}

// Afterwards the copy holds what was there before.
Result<void> StagedRepository::put_in_place(const std::string &name)
{
    const auto fresh = path() / name;
    const auto target = folder_ / name;
    if (!env_.files.exists(target) || !env_.files.is_directory(target))
        return env_.files.rename(fresh, target);
    if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
        return {};
    if (errno != EINVAL && errno != ENOSYS)
        return system_failure("replace", target, errno);
    // A file system that cannot exchange two names: nearly as good.
    const auto old = path() / ("old-" + name);
    return env_.files.rename(target, old).and_then([&] { return env_.files.rename(fresh, target); });
}

Result<void> StagedRepository::complete()
{
    const auto list = TRY(env_.files.read(path() / list_name));
    TRY(add_new_packages());
    for (const auto &line : lines_of(list)) {
        const auto words = words_of(line);
        // By its number, which it keeps: a part that is no longer here is where it belongs.
        if (words.size() == 2 && words[0] == inode_of(path() / words[1]))
            TRY(put_in_place(words[1]));
        if (words.size() != 2 || words[0] != inode_of(folder_ / words[1]))
            return failure(fmt::format("the interrupted publish into {} cannot be completed: {} is not what it was",
                                       folder_.string(), words.size() == 2 ? words[1] : line),
                           fmt::format("was the folder copied or restored? Compare it with {}, then remove that",
                                       path().string()));
    }
    state_ = State::done;
    // The list goes first. While it is there, it must be true.
    return env_.files.remove_file(path() / list_name);
}

Result<void> StagedRepository::commit()
{
    if (auto ready = let_everybody_read().and_then([&] { return expect_no_other_reprepro(); }); !ready)
        return ready;
    std::string list;
    // A new index before its database, which only the next publish reads.
    for (const std::string part : {"conf", "dists", "db", "pool"}) {
        if (env_.files.exists(path() / part))
            list += inode_of(path() / part) + " " + part + "\n";
    }
    for (const auto &name : env_.files.list(path()).value_or(std::vector<std::string>())) {
        if (name.ends_with(".asc"))
            list += inode_of(path() / name) + " " + name + "\n";
    }
    constexpr unsigned mode = 0644;
    return run_quietly(env_.runner, {"sync", "--file-system", path().string()})
        .and_then([&] { return env_.files.write_durably(path() / list_name, list, mode); })
        .and_then([&] {
            state_ = State::committing;
            return complete();
        });
}

} // namespace krun
