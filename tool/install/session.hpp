// SPDX-License-Identifier: MIT
// Shared by `install`, `promote` and `uninstall`: the machine, the lock, the state, and what to report when
// something goes wrong in the middle.
#pragma once

#include <optional>

#include "install/installer.hpp"
#include "util/file_lock.hpp"

namespace krun
{

// This machine, by uname(1) and id(1).
Result<Target> system_target(const Env &env);

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

// Rolls back a failed installation; the Error says how that went.
Error take_back(Installer &installer, InstallState &state, const std::string &release, Error why,
                const std::filesystem::path &log);
// A failed removal: what is left, and how to continue.
Error with_remains(Installer &installer, const InstallState &state, const std::string &release, Error why,
                   const std::filesystem::path &log);

} // namespace krun
