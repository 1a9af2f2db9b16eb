// SPDX-License-Identifier: MIT
// The .deb files that the user names: what they are, and whether they belong together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "install/install_state.hpp"
#include "install/target.hpp"
#include "util/env.hpp"

namespace krun
{

struct KernelPackage {
    std::filesystem::path deb; // absolute
    std::string name;
    std::string version;
    std::string architecture;
    std::uintmax_t installed_bytes = 0;
};

// One Krun kernel with what may come along.
struct KernelPackages {
    std::string release;
    std::uintmax_t kernel_bytes = 0;   // of vmlinuz
    std::vector<KernelPackage> kernel; // the image, and the headers if they were named
    std::vector<KernelPackage> shared; // krun-syscall-dev
    [[nodiscard]] std::vector<KernelPackage> all() const;
    [[nodiscard]] const KernelPackage &image() const { return kernel.front(); }
};

// ExitCode::usage for what is no Debian package.
Result<KernelPackage> read_package(const Env &env, const std::filesystem::path &deb);

// Whether a kernel may have this `uname -r`: it begins with a digit, and leads nowhere as a part of a path.
bool is_release(const std::string &text);

// ExitCode::usage for what is no package or does not belong here.
Result<KernelPackages> read_kernel_packages(const Env &env, const std::vector<std::filesystem::path> &debs);

// The packages of an installation, from its first check to its end, out of everybody's reach.
//
// Theory: a path that a user gives may name another file at the next look: after the boot gate, or when an installation
// goes on after a power loss. So an installation works on copies in a folder that only root can enter, each named after
// its SHA-256, which is compared again before dpkg gets it.
class KeptPackages
{
  public:
    // Copies `packages`, and reads them again: an Error if they are no longer what they were. What an earlier
    // installation has left there is removed.
    static Result<KeptPackages> copy(const Target &target, const KernelPackages &packages);
    // Removes what is left of an installation that was killed before its journal began.
    static void remove_abandoned(const Target &target, const InstallState &state);
    [[nodiscard]] const KernelPackages &packages() const { return packages_; }
    // To the journal: who ends the installation removes them. Otherwise they go with this.
    void hand_over() { std::ignore = removed_at_.release(); }

  private:
    struct RemoveCopies {
        void operator()(const Target *target) const;
    };
    explicit KeptPackages(const Target &target) : removed_at_(&target) {}

    // A guard: the copies are removed with it, the Target is not.
    std::unique_ptr<const Target, RemoveCopies> removed_at_;
    KernelPackages packages_;
};

// An Error unless it is a copy that nobody has changed.
Result<void> expect_kept(const Target &target, const std::filesystem::path &deb);

} // namespace krun
