// SPDX-License-Identifier: MIT
// The packages of an installation, from its first check to its end, out of everybody's reach.
//
// Theory: a path that a user gives may name another file at the next look: after the boot gate, or when an installation
// goes on after a power loss. So an installation works on copies in a folder that only root can enter, each named after
// its SHA-256, which is compared again before dpkg gets it.
#pragma once

#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "install/target.hpp"

namespace krun
{

class KeptPackages
{
  public:
    // Copies `packages`, and reads them again: an Error if they are no longer what they were. What an earlier
    // installation has left there is removed.
    static Result<KeptPackages> copy(Target &target, const KernelPackages &packages);
    KeptPackages(KeptPackages &&other) noexcept;
    KeptPackages &operator=(KeptPackages &&) = delete;
    KeptPackages(const KeptPackages &) = delete;
    KeptPackages &operator=(const KeptPackages &) = delete;
    ~KeptPackages(); // removes them, unless hand_over() was called

    [[nodiscard]] const KernelPackages &packages() const { return packages_; }
    // To the journal: who ends the installation removes them.
    void hand_over() { target_ = nullptr; }

  private:
    explicit KeptPackages(Target &target) : target_(&target) {}

    Target *target_;
    KernelPackages packages_;
};

// Removes what is left of an installation that was killed before its journal began.
void remove_abandoned_packages(Target &target, const InstallState &state);
// An Error unless it is a copy that nobody has changed.
Result<void> expect_kept(Target &target, const std::filesystem::path &deb);

} // namespace krun
