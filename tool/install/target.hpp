// SPDX-License-Identifier: MIT
// The machine that gets a kernel, as it is now. Only looks; what changes it is in changes.hpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "install/boot_menu.hpp"
#include "util/env.hpp"

namespace krun
{

// Where things are on the machine that gets a kernel. Everything is below one root, which tests move elsewhere.

struct SystemLayout {
    std::filesystem::path root = "/";

    [[nodiscard]] std::filesystem::path at(const std::string &absolute) const
    {
        return root / std::filesystem::path(absolute).relative_path();
    }
    [[nodiscard]] std::filesystem::path boot() const { return at("/boot"); }
    [[nodiscard]] std::filesystem::path grub_config() const { return at("/boot/grub/grub.cfg"); }
    [[nodiscard]] std::filesystem::path grub_environment() const { return at("/boot/grub/grubenv"); }
    [[nodiscard]] std::filesystem::path new_grub_environment() const { return at("/boot/grub/grubenv.krunctl"); }
    [[nodiscard]] std::filesystem::path default_folder() const { return at("/etc/default/grub.d"); }
    // Read last by grub-mkconfig, so that it has the last word.
    [[nodiscard]] std::filesystem::path drop_in() const { return default_folder() / "zz-krunctl.cfg"; }
    // Read last by apt, too.
    [[nodiscard]] std::filesystem::path apt_drop_in() const { return at("/etc/apt/apt.conf.d/zz-krunctl"); }
    // After 00_header, which knows whether this is a one-shot boot.
    [[nodiscard]] std::filesystem::path script() const { return at("/etc/grub.d/01_krunctl"); }
    [[nodiscard]] std::filesystem::path state_folder() const { return at("/var/lib/krunctl"); }
    [[nodiscard]] std::filesystem::path state() const { return state_folder() / "state.json"; }
    // Of an installation that has not ended.
    [[nodiscard]] std::filesystem::path kept_packages() const { return state_folder() / "packages"; }
    // Not beside the state: an uninstallation leaves nothing there.
    // Not in /run/lock, where everybody may write.
    [[nodiscard]] std::filesystem::path lock() const { return at("/run/krunctl/lock"); }
    [[nodiscard]] std::filesystem::path log(const std::string &release) const
    {
        return at("/var/log/krunctl") / (release + ".log");
    }
    [[nodiscard]] std::filesystem::path kernel(const std::string &release) const
    {
        return boot() / ("vmlinuz-" + release);
    }
    [[nodiscard]] std::filesystem::path initrd(const std::string &release) const
    {
        return boot() / ("initrd.img-" + release);
    }
    [[nodiscard]] std::filesystem::path config(const std::string &release) const
    {
        return boot() / ("config-" + release);
    }
    [[nodiscard]] std::filesystem::path modules(const std::string &release) const
    {
        return at("/lib/modules") / release;
    }
};

SystemLayout system_layout(); // below $KRUN_ROOT, which is / without it

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
