// SPDX-License-Identifier: MIT
// The machine that gets a kernel: as it is now, where things are on it, and what changes it.
#pragma once

#include <filesystem>
#include <string>

#include "install/boot_menu.hpp"
#include "util/env.hpp"

namespace krun
{

// Everything is below one root, which tests move elsewhere.
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
        return at("/var/log/krunctl/" + release + ".log");
    }
    [[nodiscard]] std::filesystem::path kernel(const std::string &release) const
    {
        return at("/boot/vmlinuz-" + release);
    }
    [[nodiscard]] std::filesystem::path initrd(const std::string &release) const
    {
        return at("/boot/initrd.img-" + release);
    }
    [[nodiscard]] std::filesystem::path config(const std::string &release) const
    {
        return at("/boot/config-" + release);
    }
    [[nodiscard]] std::filesystem::path modules(const std::string &release) const
    {
        return at("/lib/modules/" + release);
    }
};

struct Target : Env {
    SystemLayout layout;
    std::string running_release; // as uname -r
    bool is_root = true;
    std::filesystem::path log; // of the programs that change it

    [[nodiscard]] Result<BootMenu> menu() const;
    [[nodiscard]] Result<GrubEnvironment> grub_environment() const;
    // The kernel and, if its entry has one, the initrd exist.
    [[nodiscard]] bool can_boot(const BootMenu &menu, const std::string &release) const;
    // Its configuration says so, or is not there. For a kernel that has no use for an initrd, nobody makes one.
    [[nodiscard]] bool can_use_initrd(const std::string &release) const;
    // As dpkg has it: "installed", "half-configured", "not-installed"...; its version in `version` if that is given.
    Result<std::string> package_status(const std::string &name, std::string *version = nullptr) const;
    // Runs a program that changes the machine: status 0 or an Error.
    [[nodiscard]] Result<void> change(Command command) const;
};

// This machine, by uname(1) and id(1).
Result<Target> system_target(const Env &env);

} // namespace krun
