// SPDX-License-Identifier: MIT
// What a kernel tree says about itself, and which line's hooks fit it best.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "source/kernel_line.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

struct KernelVersion {
    unsigned major = 0;
    unsigned minor = 0;
    unsigned sublevel = 0;
    std::string extra; // "-rc3", mostly empty

    [[nodiscard]] std::string text() const;   // "6.12.117", "7.4.0-rc3"
    [[nodiscard]] std::string series() const; // "6.12"
};

// From the tree's Makefile. `origin` names the tree in the Error that says it is no Linux source.
Result<KernelVersion> kernel_version_of(Filesystem &files, const std::filesystem::path &tree,
                                        const std::string &origin);

// An Error when our hooks, or those of another Krun, are in the tree. `origin` names it there.
Result<void> expect_unpatched(Filesystem &files, const std::filesystem::path &tree, const std::string &origin);

// Whether our files can go into it at all: an Error for one that has them already, or is older than any that they are
// for.
Result<void> expect_usable(Filesystem &files, const std::filesystem::path &tree, const std::string &origin);

// How many releases are between two series: 5.19 and 6.0 are neighbours, and so are 6.19 and 7.0.
unsigned releases_between(const KernelVersion &version, const std::string &series);

// The line of this version, or else the nearest; of two that are equally near, the older. `lines` is not empty.
const KernelLine &nearest_line(const std::vector<KernelLine> &lines, const KernelVersion &version);

} // namespace krun
