// SPDX-License-Identifier: MIT
// The .deb files that the user names: what they are, and whether they belong together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

constexpr const char *shared_package_name = "krun-syscall-dev";

// ExitCode::usage for what is no package or does not belong here.
Result<KernelPackages> read_kernel_packages(const Env &env, const std::vector<std::filesystem::path> &debs);

} // namespace krun
