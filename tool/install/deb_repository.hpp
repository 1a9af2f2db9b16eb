// SPDX-License-Identifier: MIT
// A signed apt repository of kernels, in a folder that any web server can serve.
//
// Theory: reprepro keeps the index, the pool and the signatures. What we add is a package for each kernel line that
// depends on its newest kernel: kernels have their release in their name, so that without it no `apt upgrade` would
// ever bring another one.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

struct RepositoryPackage {
    std::string name;
    std::string version;
    std::string depends;
};

// `linux-image-krun-6.12` of the version `6.12.117+krun1`: an empty package that depends on the newest kernel of its
// line, "linux-image-6.12.117.krun.abcdef (= 6.12.117-1)". It is numbered behind `present`, the one in the repository;
// none when that is of a newer kernel, or says the same. `kernel_version` is the kernel's own, "6.12.117".
std::optional<RepositoryPackage> next_line_package(const std::string &line, const std::string &kernel_version,
                                                   const std::string &depends,
                                                   const std::optional<RepositoryPackage> &present);

// Makes the .deb in `folder`.
Result<std::filesystem::path> make_line_package(const Env &env, const RepositoryPackage &package,
                                                const std::filesystem::path &folder);

inline constexpr const char *repository_suite = "krun";
inline constexpr const char *repository_key_file = "krun-archive-keyring.asc";

struct PublishRequest {
    std::filesystem::path folder; // of the repository; created if missing
    std::string key;              // whatever gpg takes for one of the user's secret keys
    std::vector<std::filesystem::path> debs;
    bool change_key = false;            // of a repository that another key signs
    std::optional<unsigned> valid_days; // of its index, 0: for ever; nothing: as before, for ever if it is new
};

struct Published {
    std::string fingerprint;                 // of the key that signs
    std::vector<RepositoryPackage> packages; // all that are in the repository now
};

// An Error: a file is not a Debian package for amd64, the user has no such secret key, the folder holds something else,
// a package of the same name and version but other contents is there already, or a newer one; another key signs it.
Result<Published> publish(const Env &env, const PublishRequest &request);

} // namespace krun
