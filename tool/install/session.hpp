// SPDX-License-Identifier: MIT
// What `install`, `promote` and `uninstall` have in common: the machine, the lock and the state.
#pragma once

#include "install/install_state.hpp"
#include "install/target.hpp"
#include "util/file_lock.hpp"

namespace krun
{

struct InstallSession {
    Target target;
    InstallState state;
    FileLock lock;

    // Waits for another krunctl that installs or removes, unless only looking, as a dry run does.
    static Result<InstallSession> open(const Env &env, bool only_look = false);
    // Of a machine that is changed only as root, and where nothing is unfinished.
    [[nodiscard]] Result<void> expect_root() const;
    [[nodiscard]] Result<void> expect_nothing_unfinished() const;
};

} // namespace krun
