// SPDX-License-Identifier: MIT
// What `install`, `promote` and `uninstall` have in common: the machine, the lock, the state, and what is said when
// something goes wrong in the middle.
#pragma once

#include <optional>

#include "package/installer.hpp"
#include "util/file_lock.hpp"

namespace krun
{

// This machine, asked by uname(1) and id(1).
Result<Target> system_target(ProcessRunner &runner, Filesystem &files);

class InstallSession
{
  public:
    // Waits for another krunctl that installs or removes, unless only showing.
    static Result<InstallSession> open(const Target &target, bool only_show);
    [[nodiscard]] InstallState &state() { return state_; }
    // Of a machine that is changed only as root, and where nothing is unfinished.
    Result<void> expect_root();
    Result<void> expect_nothing_unfinished();

  private:
    InstallSession(Target target, std::optional<FileLock> lock, InstallState state)
        : target_(std::move(target)), lock_(std::move(lock)), state_(std::move(state))
    {
    }
    Target target_;
    std::optional<FileLock> lock_;
    InstallState state_;
};

// An installation that failed is taken back; the Error tells how that went.
Error take_back(Installer &installer, InstallState &state, const std::string &release, Error why,
                const std::filesystem::path &log);
// A removal that failed: what is left, and how to go on.
Error with_remains(Installer &installer, const InstallState &state, const std::string &release, Error why,
                   const std::filesystem::path &log);

} // namespace krun
