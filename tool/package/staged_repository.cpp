// SPDX-License-Identifier: MIT
// A repository that is changed as a whole; see staged_repository.hpp.
#include "package/staged_repository.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "util/progress.hpp"
#include "util/system_error.hpp"
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
    if (auto done = runner.run_ok(command); !done)
        return tl::unexpected(done.error());
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

Result<StagedRepository> StagedRepository::make(ProcessRunner &runner, Filesystem &files, const fs::path &folder)
{
    const bool is_new = !files.exists(folder);
    if (auto made = files.make_directories(folder); !made)
        return tl::unexpected(made.error());
    auto lock = FileLock::acquire(folder / stage_lock_name, "the repository " + folder.string());
    if (!lock)
        return tl::unexpected(lock.error());
    StagedRepository staged(runner, files, folder, is_new, std::move(*lock));
    if (files.exists(staged.path() / list_name)) {
        say("completing the publish that was interrupted");
        staged.state_ = State::committing;
        if (auto completed = staged.complete(); !completed)
            return tl::unexpected(completed.error());
        staged.state_ = State::copying;
    }
    if (auto copied = staged.copy(); !copied)
        return tl::unexpected(copied.error());
    return staged;
}

StagedRepository::StagedRepository(StagedRepository &&other) noexcept
    : runner_(other.runner_), files_(other.files_), folder_(std::move(other.folder_)), is_new_(other.is_new_),
      state_(other.state_), lock_(std::move(other.lock_))
{
    other.folder_.clear();
}

StagedRepository::~StagedRepository()
{
    if (folder_.empty())
        return;
    if (state_ != State::committing)
        static_cast<void>(files_.remove_all(is_new_ && state_ == State::copying ? folder_ : path()));
}

Result<void> StagedRepository::copy()
{
    if (const auto lock = folder_ / reprepro_lock; files_.exists(lock))
        return failure(
            fmt::format("a reprepro that is no part of krunctl works on {}, or was killed there", folder_.string()),
            fmt::format("if none is running, remove {}", shell_quoted(lock.string())));
    // What a publish that was killed has left.
    if (auto removed = files_.remove_all(path()); !removed)
        return removed;
    if (auto made = files_.make_directories(path()); !made)
        return made;
    for (const auto *part : {"conf", "db", "dists"}) {
        if (!files_.exists(folder_ / part))
            continue;
        if (auto copied = run_quietly(runner_, {"cp", "-a", (folder_ / part).string(), path().string()}); !copied)
            return copied;
    }
    if (!files_.exists(folder_ / "pool"))
        return {};
    auto linked = run_quietly(runner_, {"cp", "-al", (folder_ / "pool").string(), path().string()});
    if (linked)
        return linked;
    // A file system without links.
    return files_.remove_all(path() / "pool").and_then([&] {
        return run_quietly(runner_, {"cp", "-a", (folder_ / "pool").string(), path().string()});
    });
}

Result<void> StagedRepository::let_everybody_read()
{
    std::vector<std::string> argv = {"chmod", "-R", "a+rX"};
    for (const auto &name : files_.list(path()).value_or(std::vector<std::string>())) {
        if (name != "conf" && name != "db")
            argv.push_back((path() / name).string());
    }
    if (auto done = run_quietly(runner_, argv); !done || !is_new_)
        return done;
    return run_quietly(runner_, {"chmod", "a+rX", folder_.string()});
}

// Before any index names them. What no index names any more goes with the old pool, at the end.
Result<void> StagedRepository::add_new_packages()
{
    std::error_code error;
    const auto pool = path() / "pool";
    if (!fs::exists(pool, error))
        return {};
    for (fs::recursive_directory_iterator at(pool, error), end; !error && at != end; at.increment(error)) {
        const auto target = folder_ / "pool" / at->path().lexically_relative(pool);
        if (at->is_directory() || fs::exists(target))
            continue;
        if (auto made = files_.make_directories(target.parent_path()); !made)
            return made;
        std::error_code no_link;
        fs::create_hard_link(at->path(), target, no_link);
        if (no_link) {
            if (auto copied = files_.copy_file(at->path(), target); !copied)
                return copied;
        }
    }
    if (error)
        return system_failure("list", pool, error.value());
    return {};
}

// Afterwards the copy holds what was there before.
Result<void> StagedRepository::put_in_place(const std::string &name)
{
    const auto fresh = path() / name;
    const auto target = folder_ / name;
    if (!files_.exists(target) || !files_.is_directory(target))
        return files_.rename(fresh, target);
    if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
        return {};
    if (errno != EINVAL && errno != ENOSYS)
        return system_failure("replace", target, errno);
    // A file system that cannot exchange two names: nearly as good.
    const auto old = path() / ("old-" + name);
    return files_.rename(target, old).and_then([&] { return files_.rename(fresh, target); });
}

Result<void> StagedRepository::complete()
{
    const auto list = files_.read(path() / list_name);
    if (!list)
        return tl::unexpected(list.error());
    for (const auto &line : lines_of(*list)) {
        const auto words = words_of(line);
        // By its number, which it keeps: a part that is no longer here is where it belongs.
        if (words.size() != 2 || words[0] != inode_of(path() / words[1]))
            continue;
        if (auto put = put_in_place(words[1]); !put)
            return put;
    }
    state_ = State::done;
    // The list goes first. While it is there, it must be true.
    return files_.remove_file(path() / list_name);
}

Result<void> StagedRepository::commit()
{
    auto ready = let_everybody_read().and_then([&] { return add_new_packages(); });
    if (!ready)
        return ready;
    std::string list;
    // The packages are there already; a new index before its database, which only the next publish reads.
    for (const std::string part : {"conf", "dists", "db", "pool"}) {
        if (files_.exists(path() / part))
            list += inode_of(path() / part) + " " + part + "\n";
    }
    for (const auto &name : files_.list(path()).value_or(std::vector<std::string>())) {
        if (name.ends_with(".asc"))
            list += inode_of(path() / name) + " " + name + "\n";
    }
    constexpr unsigned mode = 0644;
    return run_quietly(runner_, {"sync", "--file-system", path().string()})
        .and_then([&] { return files_.write_durably(path() / list_name, list, mode); })
        .and_then([&] {
            state_ = State::committing;
            return complete();
        });
}

} // namespace krun
