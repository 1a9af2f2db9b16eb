// SPDX-License-Identifier: MIT
// A repository that is changed as a whole; see staged_repository.hpp.
#include "package/staged_repository.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <system_error>
#include <utility>

#include "util/system_error.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr const char *stage_name = ".krun-publish";
constexpr const char *stage_lock_name = ".krun-publish.lock";

Result<void> run_quietly(ProcessRunner &runner, std::vector<std::string> argv)
{
    Command command;
    command.argv = std::move(argv);
    command.environment["LC_ALL"] = "C";
    if (auto done = runner.run_ok(command); !done)
        return tl::unexpected(done.error());
    return {};
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
    if (auto copied = staged.copy(); !copied)
        return tl::unexpected(copied.error());
    return staged;
}

StagedRepository::StagedRepository(StagedRepository &&other) noexcept
    : runner_(other.runner_), files_(other.files_), folder_(std::move(other.folder_)), is_new_(other.is_new_),
      committed_(other.committed_), lock_(std::move(other.lock_))
{
    other.folder_.clear();
}

StagedRepository::~StagedRepository()
{
    if (folder_.empty())
        return;
    static_cast<void>(files_.remove_all(is_new_ && !committed_ ? folder_ : path()));
}

Result<void> StagedRepository::copy()
{
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
Result<void> StagedRepository::put_in_place(const char *name)
{
    const auto fresh = path() / name;
    const auto target = folder_ / name;
    if (!files_.exists(fresh))
        return {};
    if (!files_.exists(target) || !files_.is_directory(target))
        return files_.rename(fresh, target);
    if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, target.c_str(), RENAME_EXCHANGE) == 0)
        return {};
    if (errno != EINVAL && errno != ENOSYS)
        return system_failure("replace", target, errno);
    // A file system that cannot exchange two names: nearly as good.
    const auto old = path() / (std::string("old-") + name);
    return files_.rename(target, old).and_then([&] { return files_.rename(fresh, target); });
}

Result<void> StagedRepository::commit()
{
    auto done = let_everybody_read().and_then([&] { return add_new_packages(); });
    if (!done)
        return done;
    committed_ = true; // from here on the folder is a repository, even if a step should fail
    for (const auto *part : {"conf", "dists", "db", "pool"}) {
        done = put_in_place(part);
        if (!done)
            return done;
    }
    for (const auto &name : files_.list(path()).value_or(std::vector<std::string>())) {
        if (name.ends_with(".asc"))
            done = put_in_place(name.c_str());
        if (!done)
            return done;
    }
    return {};
}

} // namespace krun
