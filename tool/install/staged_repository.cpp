// SPDX-License-Identifier: MIT
// See staged_repository.hpp.
#include "install/staged_repository.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <tuple>
#include <utility>

#include "util/file_lock.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr const char *list_name = "committing"; // of the parts: inode number and name
// Of reprepro itself, which makes it when it begins and removes it at its end.
constexpr const char *reprepro_lock = "db/lockfile";

// Empty when there is nothing.
std::string inode_of(const fs::path &path)
{
    struct stat status = {};
    return lstat(path.c_str(), &status) == 0 ? std::to_string(status.st_ino) : std::string();
}

class StagedRepository
{
  public:
    StagedRepository(const Env &env, fs::path folder, bool was_missing, bool was_bare)
        : env_(env), folder_(std::move(folder)), path_(folder_ / ".krun-publish"), was_missing_(was_missing),
          was_bare_(was_bare), state_(env.files.exists(path_ / list_name) ? State::committing : State::copying)
    {
    }
    StagedRepository(const StagedRepository &) = delete;
    StagedRepository &operator=(const StagedRepository &) = delete;
    ~StagedRepository(); // all is as it was, unless commit() was called; if that failed half-way, the next one goes on
    [[nodiscard]] const fs::path &path() const { return path_; }
    Result<void> make();
    Result<void> commit();

  private:
    enum class State { copying, committing, done };

    Result<void> run(std::vector<std::string> argv);
    Result<void> expect_no_other_reprepro();
    Result<void> let_everybody_read();
    Result<void> add_new_packages();
    Result<void> add_package(const fs::path &fresh, const fs::path &target);
    Result<void> put_in_place(const std::string &name);
    // Of all parts on the list.
    Result<void> complete();

    const Env &env_;
    fs::path folder_;
    fs::path path_;    // of the copy
    bool was_missing_; // the folder
    bool was_bare_;    // there was nothing in the folder but files of ours
    State state_;
};

StagedRepository::~StagedRepository()
{
    if (state_ != State::committing)
        std::ignore = env_.files.remove_all(was_missing_ && state_ == State::copying ? folder_ : path_);
}

Result<void> StagedRepository::run(std::vector<std::string> argv)
{
    return env_.runner.run_ok({.argv = std::move(argv), .dies_with_us = true}).map([](const ProcessResult &) {});
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

Result<void> StagedRepository::make()
{
    TRY(expect_no_other_reprepro());
    if (state_ == State::committing) {
        say("completing the publish that was interrupted");
        TRY(complete());
        state_ = State::copying;
    }
    // What a publish that was killed has left.
    TRY(env_.files.remove_all(path_));
    TRY(env_.files.make_directories(path_));
    for (const std::string part : {"conf", "db", "dists", "pool"}) {
        const auto original = folder_ / part;
        if (!env_.files.exists(original))
            continue;
        if (part == "pool" && run({"cp", "-al", original.string(), path_.string()}))
            continue;
        TRY(env_.files.remove_all(path_ / part)); // of a pool on a file system without links
        TRY(run({"cp", "-a", original.string(), path_.string()}));
    }
    return {};
}

Result<void> StagedRepository::let_everybody_read()
{
    std::vector<std::string> argv = {"chmod", "-R", "a+rX"};
    for (const auto &name : env_.files.list(path_).value_or(std::vector<std::string>())) {
        if (name != "conf" && name != "db")
            argv.push_back((path_ / name).string());
    }
    TRY(run(argv));
    return was_bare_ ? run({"chmod", "a+rX", folder_.string()}) : Result<void>();
}

// Before any index names them. What no index names any more goes with the old pool, at the end.
Result<void> StagedRepository::add_new_packages()
{
    std::error_code error;
    const auto pool = path_ / "pool";
    if (!fs::exists(pool, error))
        return {};
    for (fs::recursive_directory_iterator at(pool, error), end; !error && at != end; at.increment(error)) {
        if (!at->is_directory())
            TRY(add_package(at->path(), folder_ / "pool" / at->path().lexically_relative(pool)));
    }
    if (error)
        return system_failure("list", pool, error.value());
    return env_.files.exists(folder_ / "pool") ? run({"chmod", "-R", "a+rX", (folder_ / "pool").string()})
                                               : Result<void>();
}

// What has the name already is this file, or one that no index names.
Result<void> StagedRepository::add_package(const fs::path &fresh, const fs::path &target)
{
    if (inode_of(fresh) == inode_of(target))
        return {};
    const auto part = target.string() + ".krun-publish";
    TRY(env_.files.make_directories(target.parent_path()));
    TRY(env_.files.remove_file(part));
    std::error_code no_link;
    fs::create_hard_link(fresh, part, no_link);
    if (no_link)
        TRY(env_.files.copy_file(fresh, part));
    return env_.files.rename(part, target);
}

// Afterwards the copy holds what was there before.
Result<void> StagedRepository::put_in_place(const std::string &name)
{
    const auto fresh = path_ / name;
    const auto target = folder_ / name;
    if (!env_.files.exists(target) || !env_.files.is_directory(target))
        return env_.files.rename(fresh, target);
    if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
        return {};
    if (errno != EINVAL && errno != ENOSYS)
        return system_failure("replace", target, errno);
    // A file system that cannot exchange two names: nearly as good.
    const auto old = path_ / ("old-" + name);
    TRY(env_.files.rename(target, old));
    return env_.files.rename(fresh, target);
}

Result<void> StagedRepository::complete()
{
    const auto list = TRY(env_.files.read(path_ / list_name));
    TRY(add_new_packages());
    for (const auto &line : lines_of(list)) {
        const auto words = words_of(line);
        // By its number, which it keeps: a part that is no longer here is where it belongs.
        if (words.size() == 2 && words[0] == inode_of(path_ / words[1]))
            TRY(put_in_place(words[1]));
        if (words.size() != 2 || words[0] != inode_of(folder_ / words[1]))
            return failure(
                fmt::format("the interrupted publish into {} cannot be completed: {} is not what it was",
                            folder_.string(), words.size() == 2 ? words[1] : line),
                fmt::format("was the folder copied or restored? Compare it with {}, then remove that", path_.string()));
    }
    state_ = State::done;
    // The list goes first. While it is there, it must be true.
    return env_.files.remove_file(path_ / list_name);
}

Result<void> StagedRepository::commit()
{
    TRY(let_everybody_read());
    TRY(expect_no_other_reprepro());
    // A new index before its database, which only the next publish reads.
    std::vector<std::string> parts = {"conf", "dists", "db", "pool"};
    for (const auto &name : env_.files.list(path_).value_or(std::vector<std::string>())) {
        if (name.ends_with(".asc"))
            parts.push_back(name);
    }
    std::string list;
    for (const auto &part : parts) {
        if (env_.files.exists(path_ / part))
            list += inode_of(path_ / part) + " " + part + "\n";
    }
    TRY(run({"sync", "--file-system", path_.string()}));
    TRY(env_.files.write_durably(path_ / list_name, list, 0644));
    state_ = State::committing;
    return complete();
}

} // namespace

Result<void> change_repository(const Env &env, const fs::path &folder,
                               const std::function<Result<void>(const fs::path &copy)> &change)
{
    const bool was_missing = !env.files.exists(folder);
    const auto names = env.files.list(folder).value_or(std::vector<std::string>());
    // Also when an earlier publish made it, and was killed.
    const bool was_bare = std::ranges::all_of(names, is_beside_repository);
    TRY(env.files.make_directories(folder));
    const auto lock = TRY(FileLock::acquire(folder / ".krun-publish.lock", "the repository " + folder.string()));
    StagedRepository staged(env, folder, was_missing, was_bare);
    TRY(staged.make());
    TRY(change(staged.path()));
    return staged.commit();
}

} // namespace krun
