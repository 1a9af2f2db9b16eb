// SPDX-License-Identifier: MIT
// Where the user's own kernel source comes from: what `--source` names, and what is wrong with it.
#pragma once

#include <filesystem>
#include <string>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

// As the user wrote it.
struct SourceRequest {
    std::string name;              // a folder, a tarball or a URL; empty: the line's Debian package
    std::filesystem::path keyring; // checks a tarball's signature
    bool unverified = false;       // a tarball is accepted without checking its signature

    [[nodiscard]] bool given() const { return !name.empty(); }
};

enum class OriginKind { git, folder, tarball, url };

struct SourceOrigin {
    OriginKind kind = OriginKind::folder;
    std::string name;              // "linux-7.4": begins the names of folders in the cache
    std::string text;              // for people and metadata: absolute path, or URL without a password
    std::filesystem::path path;    // the folder or tarball; of a URL, where it is or will be downloaded
    std::string url;               // only of a URL
    std::string signature_url;     // likewise
    std::filesystem::path keyring; // absolute; empty when the tarball is taken unverified, and for folders
    std::string keyring_data;      // what was in it; it may be a pipe that has no more

    [[nodiscard]] bool is_tarball() const { return kind == OriginKind::tarball || kind == OriginKind::url; }
};

std::string name_of(OriginKind kind); // "git", "folder", "tarball", "url"

// `downloads` is their folder in the cache. Looks at files, does not use the network.
Result<SourceOrigin> find_origin(Filesystem &files, const SourceRequest &request,
                                 const std::filesystem::path &downloads);

} // namespace krun
