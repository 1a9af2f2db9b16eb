// SPDX-License-Identifier: MIT
// What the tests have proven of a kernel line on this machine: which version came through all stages, and when.
// tests/runner writes it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

struct Proof {
    std::string version; // of the source package, "6.12.117-1"
    std::string release; // what uname -r said
    std::string date;    // "2026-07-30", UTC
    std::string hooks;   // SHA-256 of what was put into the source
    std::string overlay;
};

std::filesystem::path proof_file(const std::string &line); // in the cache
// Nothing when there is none that can be read.
std::optional<Proof> read_proof(Filesystem &files, const std::filesystem::path &file);

// "6.12.117" of the package version "1:6.12.117-1~deb12u1": without epoch and Debian's revision.
std::string upstream_version(const std::string &package_version);

// Whether `newest` is newer than the upstream version `tested` and than the package version `proven`. An empty one is
// older than any. dpkg compares.
Result<bool> is_untried(ProcessRunner &runner, const std::string &newest, const std::string &tested,
                        const std::string &proven);

} // namespace krun
