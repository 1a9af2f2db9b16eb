// SPDX-License-Identifier: MIT
// Installs a Krun kernel for a trial boot, makes it the default, and removes it.
//
// Theory: at every moment the machine boots a kernel that it has booted before. The order of the steps alone ensures
// that: the default is pinned to the old kernel before the package comes, and moves away from a kernel before that
// goes; only a kernel that runs and has passed the checks becomes the default. Every step first looks whether it is
// done, so that an operation that was cut off is simply begun anew from its entry in the journal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "install/target.hpp"
#include "util/dry_run.hpp"
#include "util/file_lock.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"

namespace krun
{

// What `install`, `promote` and `uninstall` work on.
struct InstallSession {
    std::unique_ptr<DryRun> dry; // whose target this is, if there is one
    Target target;
    InstallState state;
    FileLock lock;

    // Waits for another krunctl that installs or removes; not for a dry run, which shows its steps or keeps them.
    static Result<InstallSession> open(const Env &env, bool dry_run, bool keep_steps);
    // Of a machine that is changed only as root, and where nothing is unfinished.
    [[nodiscard]] Result<void> expect_root() const;
    [[nodiscard]] Result<void> expect_nothing_unfinished() const;
};

enum class Removal { done, pending_reboot };

class Installer
{
  public:
    // `stop` is called between the steps of an installation, `tell` with a name for each.
    Installer(const Target &target, InstallState &state, std::function<bool()> stop = interrupt_noted,
              std::function<void(const std::string &)> tell = say)
        : target_(target), state_(state), stop_(std::move(stop)), tell_(std::move(tell))
    {
    }

    // Writes the intention down; `fallback` counts only when this is the first Krun kernel.
    Result<void> begin_install(const KernelPackages &packages, const std::string &fallback);
    // From the journal to a kernel on trial.
    Result<void> go_on_installing();
    Result<void> promote(const std::string &release);
    // Undoes an interrupted promotion: the kernel stays on trial.
    Result<void> undo_promotion();
    // Also undoes an installation, at whatever step it is.
    Result<Removal> uninstall(const std::string &release);
    // Finishes what was interrupted, or rolls it back: what became of the kernel, "trial", "promoted", "removed" or
    // "pending-reboot".
    Result<std::string> finish(bool undo);

    // Rolls back a failed installation; the Error says how that went.
    Error take_back(const std::string &release, Error why);
    // A failed removal: what is left, and how to continue.
    Error with_remains(const std::string &release, Error why);

  private:
    Result<void> step(const std::string &words);
    void tell(const std::string &words);
    Result<void> save();
    Result<void> install_packages(const InstalledKernel &kernel, const Operation &operation);
    Result<void> verify_installed(const std::string &release, const std::string &fallback);
    Result<std::vector<std::string>> known_to_dpkg(const std::vector<InstalledPackage> &packages);
    Result<void> purge(const std::vector<InstalledPackage> &packages);
    Result<void> remove_files_of(const std::string &release);
    Result<std::string> default_without(const std::string &release);
    Result<void> finish_removal(const std::string &release);
    std::string remains_of(const std::string &release);

    const Target &target_;
    InstallState &state_;
    std::function<bool()> stop_;
    std::function<void(const std::string &)> tell_;
};

} // namespace krun
