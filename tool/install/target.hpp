// SPDX-License-Identifier: MIT
// The machine that gets a kernel, as it is now. Only looks; what changes it is in changes.hpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "install/boot_menu.hpp"
#include "install/system_layout.hpp"
#include "util/env.hpp"

namespace krun
{

struct Target : Env {
    SystemLayout layout;
    std::string running_release; // as uname -r
    bool is_root = true;

    Result<BootMenu> menu();
    Result<GrubEnvironment> grub_environment();
    // The kernel and, if its entry has one, the initrd exist.
    bool can_boot(const BootMenu &menu, const std::string &release);
    // Its configuration says so, or is not there. For a kernel that has no use for an initrd, nobody makes one.
    bool can_use_initrd(const std::string &release);
    // As dpkg has it: "installed", "half-configured", "not-installed"...; its version in `version` if that is given.
    Result<std::string> package_status(const std::string &name, std::string *version = nullptr);
};

// `name` with this for LC_ALL=C.
Command plain_command(std::vector<std::string> argv);

} // namespace krun
