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
#include "util/interrupt.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"
#include "util/system_error.hpp"

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
    const int descriptor = open_lock(path);
    if (descriptor < 0)
        return system_failure("open", path, errno);
    FileLock lock(descriptor);
    // Polls instead of blocking in flock(): a signal just before the call
    // would otherwise go unnoticed.
    for (bool said = false; flock(descriptor, LOCK_EX | LOCK_NB) != 0;) {
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
    if (lock.descriptor_ < 0 || flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0)
        return std::nullopt;
    return lock;
}

FileLock::FileLock(FileLock &&other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock &FileLock::operator=(FileLock &&other) noexcept
{
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

FileLock::~FileLock()
{
    // Closing releases the lock. The file stays: removing it would let two others lock two different files.
    if (descriptor_ >= 0)
        close(descriptor_);
}

} // namespace krun
