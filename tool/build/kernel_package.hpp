// SPDX-License-Identifier: MIT
// Debian packages of a kernel: linux-image and, when it can have modules, linux-headers, by the kernel's own
// bindeb-pkg.
//
// Theory: bindeb-pkg leaves its packages in the parent of the objects, uncompressed on our wish. From there the
// wanted ones are packed once more (repacked_deb.hpp) into a folder of finished packages; what else it made
// (linux-libc-dev, which would replace the C library's own headers, and debug information) is thrown away.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "build/kernel_make.hpp"
#include "util/env.hpp"

namespace krun
{

// Packages that were made in another way before are made again.
inline constexpr int package_format = 3;

struct PackagePlan {
    std::filesystem::path folder; // for what is made on the way to them
    std::string release;
    std::string version; // of the packages
    bool headers = false;

    // File names, the image first.
    [[nodiscard]] std::vector<std::string> names() const;
    [[nodiscard]] std::filesystem::path finished(const std::string &name) const;
};

// "6.12.117-1" of "6.12.117", "7.4.0~rc3-1" of "7.4.0-rc3", which is older than 7.4.0.
std::string package_version_of(const std::string &kernel_version);
// A package's name has no room for all that a release may have: "X" or "_". `what` is shown, `code` is for whose fault.
Result<void> expect_package_name(const std::string &what, const std::string &text, ExitCode code);

// Returns the finished packages. `metadata` is completed with what is to be known of them, and the image holds it, but
// for the checksums, at /usr/share/krun/<release>/metadata.json; beside it, in /usr/lib/krun/<release>/selftests, are
// the kselftests of the tree, for `krunctl gate` and for the machine that it is installed on.
Result<std::vector<std::filesystem::path>> package_kernel(const Env &env, const KernelMake &make,
                                                          const PackagePlan &plan, nlohmann::ordered_json &metadata);
// Removes what this run, or an earlier one that was interrupted, has left.
Result<void> clear_packaging(Filesystem &files, const KernelMake &make, const PackagePlan &plan);

// Whether the packages that `metadata` tells of are in `folder` as they were made.
bool has_packages(const Env &env, const std::filesystem::path &folder, const nlohmann::ordered_json &metadata);

} // namespace krun
