// SPDX-License-Identifier: MIT
// Debian's archive through apt itself, with a private state folder: the user's apt configuration is read
// (mirror, proxy, keyrings) and never changed, nothing is installed, and every file is verified by apt.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun {

class AptArchive {
  public:
    // `state` holds the private apt state and the downloads (normally <cache>/apt).
    AptArchive(ProcessRunner &runner, Filesystem &files, std::filesystem::path state);

    // The newest version of a binary package in the given suites ("bookworm-security", ...).
    Result<std::string> newest_version(const std::string &package, const std::vector<std::string> &suites);
    // Downloads that version's .deb into the cache (a second call finds it there) and returns its path.
    Result<std::filesystem::path> download(const std::string &package, const std::vector<std::string> &suites);
    // Downloads the newest source package and returns the path of its .dsc; the other files lie beside it.
    Result<std::filesystem::path> download_source(const std::string &package, const std::vector<std::string> &suites);
    // Extracts a .deb below `directory` (which appears whole or not at all).
    Result<void> unpack(const std::filesystem::path &deb, const std::filesystem::path &directory);

  private:
    Result<void> update(const std::vector<std::string> &suites);

    ProcessRunner &runner_;
    Filesystem &files_;
    std::filesystem::path state_;
};

} // namespace krun
