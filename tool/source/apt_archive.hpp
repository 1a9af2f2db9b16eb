// SPDX-License-Identifier: MIT
// Packages from Debian's archive, through apt itself with a private state folder: the user's apt configuration is read
// (mirror, proxy, keyrings) and never changed, nothing is installed, and every file is verified by apt.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "source/apt_index.hpp"
#include "util/env.hpp"

namespace krun
{

class AptArchive
{
  public:
    // `state` holds the private apt state and the downloads (normally <cache>/apt).
    AptArchive(const Env &env, std::filesystem::path state);

    // The newest version of a binary package in the given suites ("bookworm-security", ...).
    Result<std::string> newest_version(const std::string &package, const std::vector<std::string> &suites);
    // The names of the packages that that version depends on, from the index: without versions, and the first of
    // alternatives.
    Result<std::vector<std::string>> dependencies(const std::string &package, const std::vector<std::string> &suites);
    // The version if known from earlier, else empty: does not use the network and writes nothing.
    Result<std::string> known_version(const std::string &package, const std::vector<std::string> &suites);
    // The SHA-256 that the index has for a version's .deb; empty if the version is no longer in it.
    Result<std::string> checksum(const std::string &package, const std::string &version,
                                 const std::vector<std::string> &suites);
    // Downloads that version's .deb into the cache (a second call finds it there) and returns its path. An Error if it
    // must be `expected`, and the archive has a newer one since.
    Result<std::filesystem::path> download(const std::string &package, const std::vector<std::string> &suites,
                                           const std::string &expected = {});
    // Downloads the newest source package and returns the path of its .dsc; the other files are beside it.
    Result<std::filesystem::path> download_source(const std::string &package, const std::vector<std::string> &suites);
    // Extracts one .deb or more below `directory` (which appears whole or not at all).
    Result<void> unpack(const std::vector<std::filesystem::path> &debs, const std::filesystem::path &directory);

  private:
    // A package to be fetched: the index that has it, its newest version, and the lock of the download cache.
    struct Wanted;
    Result<Wanted> find_wanted(const std::string &types, const std::string &package,
                               const std::vector<std::string> &suites);
    Result<void> fetch(AptIndex &index, const std::vector<std::string> &action, const std::string &what,
                       const std::filesystem::path &folder);
    // What was downloaded in a sandbox, into a folder that only we can change.
    Result<void> take_over(const std::filesystem::path &downloads, const std::filesystem::path &folder);
    // An Error unless the folder has the files of a source package as the index has them, and nothing else.
    Result<void> expect_source(const AptIndex &index, const std::string &package, const std::string &version,
                               const std::filesystem::path &folder);
    bool is_intact(AptIndex &index, const std::string &package, const std::string &version,
                   const std::filesystem::path &deb);

    Env env_;
    std::filesystem::path state_;
};

} // namespace krun
