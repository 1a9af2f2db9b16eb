// SPDX-License-Identifier: MIT
// An advisory lock on a file; see file_lock.hpp.
#include "util/file_lock.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "util/filesystem.hpp"
#include "util/own_process.hpp"
#include "util/result.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

// Not through a link, and readable for the owner alone: who can open the file can hold the lock.
int open_lock(const std::filesystem::path &path)
{
    return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
}

} // namespace

Result<FileLock> FileLock::acquire_alone(const std::filesystem::path &path, const std::string &what)
{
    TRY(SystemFilesystem().make_private_folder(path.parent_path()));
    return acquire(path, what);
}

Result<FileLock> FileLock::acquire(const std::filesystem::path &path, const std::string &what)
{
    if (const int error = make_folders(path.parent_path()); error != 0)
        return system_failure("create", path.parent_path(), error);
    FileLock lock(open_lock(path));
    if (!lock.descriptor_.is_open())
        return system_failure("open", path, errno);
    // Polls instead of blocking in flock(): a signal just before the call
    // would otherwise go unnoticed.
    for (bool said = false; flock(lock.descriptor_.get(), LOCK_EX | LOCK_NB) != 0;) {
        if (interrupt_requested())
            return interrupted();
        if (errno != EWOULDBLOCK && errno != EINTR)
            return system_failure("lock", path, errno);
        if (!said)
            say(fmt::format("waiting for {}, which is being worked on", what));
        said = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return lock;
}

std::optional<FileLock> FileLock::try_acquire(const std::filesystem::path &path)
{
    FileLock lock(open_lock(path));
    if (!lock.descriptor_.is_open() || flock(lock.descriptor_.get(), LOCK_EX | LOCK_NB) != 0)
        return std::nullopt;
    return lock;
}

} // namespace krun
