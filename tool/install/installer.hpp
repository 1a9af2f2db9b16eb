// SPDX-License-Identifier: MIT
// Installs a Krun kernel for a trial boot, makes it the default, and removes it.
//
// Theory: at every moment the machine boots a kernel that it has booted before. The order of the steps alone ensures
// that: the default is pinned to the old kernel before the package comes, and moves away from a kernel before that
// goes; only a kernel that runs and has passed the checks becomes the default. Every step first looks whether it is
// done, so that an operation that was cut off is simply begun anew from its entry in the journal.
#pragma once

#include <functional>
#include <string>

#include "install/boot_default.hpp"
#include "install/changes.hpp"
#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "install/target.hpp"

namespace krun
{

enum class Removal { done, pending_reboot };

class Installer
{
  public:
    // `stop` is called between the steps of an installation.
    Installer(Target &target, Changes &changes, std::function<bool()> stop, std::function<void(std::string)> tell);

    // Writes the intention down; `fallback` counts only when this is the first Krun kernel.
    Result<void> begin_install(InstallState &state, const KernelPackages &packages, const std::string &fallback);
    // From the journal to a kernel on trial.
    Result<void> go_on_installing(InstallState &state);
    Result<void> promote(InstallState &state, const std::string &release);
    // Undoes an interrupted promotion: the kernel stays on trial.
    Result<void> undo_promotion(InstallState &state);
    // Also undoes an installation, at whatever step it is.
    Result<Removal> uninstall(InstallState &state, const std::string &release);
    // What a failed removal left behind, for people; empty if nothing.
    std::string remains_of(const InstallState &state, const std::string &release);

  private:
    Result<void> install_packages(const InstalledKernel &kernel, const Operation &operation);
    Result<void> verify_installed(const std::string &release, const std::string &fallback);
    Result<void> step(const std::string &words, const std::function<Result<void>()> &work);
    Result<std::vector<std::string>> known_to_dpkg(const std::vector<InstalledPackage> &packages);
    Result<void> purge(const std::vector<InstalledPackage> &packages);
    Result<void> remove_files_of(const std::string &release);
    Result<std::string> default_without(const InstallState &state, const std::string &release);
    Result<void> finish_removal(InstallState &state, const std::string &release);

    Target &target_;
    Changes &changes_;
    BootDefault boot_default_;
    std::function<bool()> stop_;
    std::function<void(std::string)> tell_;
};

} // namespace krun
