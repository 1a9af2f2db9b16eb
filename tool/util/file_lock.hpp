// SPDX-License-Identifier: MIT
// An advisory lock (flock(2)) on a file: two krunctl never work in one cached folder at a time.
#pragma once

#include <filesystem>
#include <optional>

#include "util/descriptor.hpp"
#include "util/result.hpp"

namespace krun
{

// Who drops it at once has not got it, as in `TRY(FileLock::acquire(...));`: clang warns.
class [[nodiscard]] FileLock
{
  public:
    // Waits for the lock and says once what for; Ctrl-C ends the wait with ExitCode::interrupted.
    static Result<FileLock> acquire(const std::filesystem::path &path, const std::string &what);
    // The same in a folder that only its owner can enter, which is made: where everybody may write, anybody could hold
    // the lock for ever, or put a link in its place. Who else owns the folder, or a link, is an Error.
    static Result<FileLock> acquire_alone(const std::filesystem::path &path, const std::string &what);
    // Nothing if somebody else has it or the file cannot be opened.
    static std::optional<FileLock> try_acquire(const std::filesystem::path &path);
    FileLock() = default; // of nothing
    [[nodiscard]] bool is_held() const { return descriptor_.is_open(); }

  private:
    explicit FileLock(int descriptor) : descriptor_(descriptor) {}
    // Closing it releases the lock. The file stays: removing it would let two others lock two different files.
    OwnedDescriptor descriptor_;
};

} // namespace krun
