// SPDX-License-Identifier: MIT
// Folders of single krunctls; see scratch_folder.hpp.
//
// A process id names nobody when containers share the folder: the same number is somebody else in each, and a living
// owner looks dead from the next. The kernel's locks do not know of process ids, and end with their owner however it
// dies; so a folder is in use as long as the lock on the file in it is held. Whoever makes or removes a folder holds
// the lock on all of them, so that none is seen before its own lock is held; in a folder of everybody's there is no
// such lock, and new folders are left alone.
#include "util/scratch_folder.hpp"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "util/result.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr const char *lock_of_all = "lock";
constexpr const char *lock_of_one = "owner";
constexpr time_t time_to_lock = 60; // seconds that a folder without a lock is taken for a new one

void remove_abandoned(Filesystem &files, const fs::path &parent)
{
    const auto names = files.list(parent);
    if (!names)
        return;
    for (const std::string &name : *names) {
        // Without an owner's file, it is from a time when there was none, or its maker was killed at once.
        if (name != lock_of_all &&
            (!files.exists(parent / name / lock_of_one) || FileLock::try_acquire(parent / name / lock_of_one)))
            std::ignore = files.remove_all(parent / name);
    }
}

fs::path name_pattern(const fs::path &parent, const std::string &name) { return parent / (name + "-XXXXXX"); }

} // namespace

Result<ScratchFolder> ScratchFolder::make(Filesystem &files, const fs::path &parent, const std::string &name)
{
    const auto lock = TRY(FileLock::acquire(parent / lock_of_all, parent.string()));
    remove_abandoned(files, parent);
    return make_in_public(files, parent, name);
}

void ScratchFolder::remove_abandoned_in_public(Filesystem &files, const fs::path &parent, const std::string &name)
{
    for (const auto &other : files.list(parent).value_or(std::vector<std::string>())) {
        struct stat status = {};
        const auto path = parent / other;
        // Anybody may make a folder of such a name there, and one that has just been made is not locked yet.
        if (other.starts_with(name + "-") && lstat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
            status.st_uid == geteuid() && status.st_mtime < time(nullptr) - time_to_lock &&
            FileLock::try_acquire(path / lock_of_one))
            std::ignore = files.remove_all(path);
    }
}

ScratchFolder ScratchFolder::shown(Filesystem &files, const fs::path &parent, const std::string &name)
{
    return {files, name_pattern(parent, name), FileLock()};
}

Result<ScratchFolder> ScratchFolder::make_in_public(Filesystem &files, const fs::path &parent, const std::string &name)
{
    auto path = name_pattern(parent, name).string();
    if (mkdtemp(path.data()) == nullptr)
        return system_failure("create a folder in", parent, errno);
    auto owner = FileLock::acquire(fs::path(path) / lock_of_one, path);
    if (!owner) {
        std::ignore = files.remove_all(path);
        return tl::unexpected(std::move(owner.error()));
    }
    return ScratchFolder(files, path, std::move(*owner));
}

ScratchFolder::~ScratchFolder()
{
    if (owner_.is_held())
        std::ignore = files_.remove_all(path_);
}

} // namespace krun
