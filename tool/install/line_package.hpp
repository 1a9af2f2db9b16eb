// SPDX-License-Identifier: MIT
// `linux-image-krun-6.12`: an empty package that depends on the newest kernel of its line.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "util/env.hpp"

namespace krun
{

struct LinePackage {
    std::string name;    // "linux-image-krun-6.12"
    std::string version; // "6.12.117+krun1"
    std::string depends; // "linux-image-6.12.117.krun.abcdef (= 6.12.117-1)"
};

// What is in the repository under a line package's name.
struct PresentLinePackage {
    std::string version;
    std::string depends;
};

// The kernel's line package, numbered behind `present`. None when `present` is of a newer kernel, or says the same.
// `kernel_version` is the kernel's own, "6.12.117".
std::optional<LinePackage> next_line_package(const std::string &line, const std::string &kernel_version,
                                             const std::string &depends,
                                             const std::optional<PresentLinePackage> &present);

// Makes the .deb in `folder`.
Result<std::filesystem::path> make_line_package(const Env &env, const LinePackage &package,
                                                const std::filesystem::path &folder);

} // namespace krun
