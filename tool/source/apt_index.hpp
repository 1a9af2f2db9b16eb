// SPDX-License-Identifier: MIT
// What Debian's archive has in some suites: apt's index of them, in a private state folder of their own.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/apt_sandbox.hpp"
#include "util/env.hpp"

namespace krun
{

// What apt's programs print.

// The first error of apt, which is closer to the cause than the last.
std::string first_apt_complaint(const std::string &errors);
// A Debian version as a part of a file name: apt too writes an epoch's colon as %3a.
std::string in_file_name(const std::string &version);
// Of the first "FIELD: VALUE"; empty without one.
std::string value_of_field(const std::string &text, const std::string &field);
// Name and SHA-256 of each file of this version, from what `apt-cache showsrc` prints.
std::vector<std::pair<std::string, std::string>> files_of_source(const std::string &shown, const std::string &version);

class AptIndex
{
  public:
    // `types`: "deb" or "deb-src". `state` holds the folders of all indexes. Writes what apt needs, and does not use
    // the network.
    static Result<AptIndex> open(const Env &env, const std::filesystem::path &state, const std::string &types,
                                 const std::vector<std::string> &suites);
    // As it is; none if it has never been opened.
    static std::optional<AptIndex> existing(const Env &env, const std::filesystem::path &state,
                                            const std::string &types, const std::vector<std::string> &suites);

    // The newest version of a package, with an index that is new enough; an old one is better than none.
    Result<std::string> newest(const std::string &package);
    // The same without the network; empty if the index has none.
    Result<std::string> known(const std::string &package);
    // The SHA-256 of a version's .deb; empty if the version is no longer in the index.
    std::string checksum(const std::string &package, const std::string &version);

    // One of apt's programs, on this index.
    [[nodiscard]] Command command(std::vector<std::string> argv) const;
    // The same, of one that only asks.
    [[nodiscard]] Command question(std::vector<std::string> argv) const;
    // apt-get with these arguments, in the sandbox if there is one.
    [[nodiscard]] Command networked(const std::optional<AptSandbox> &sandbox, std::vector<std::string> arguments) const;
    Result<std::optional<AptSandbox>> sandbox();

  private:
    AptIndex(const Env &env, const std::filesystem::path &state, const std::string &types,
             const std::vector<std::string> &suites);
    Result<void> prepare(const std::string &types, const std::vector<std::string> &suites);
    Result<void> update();
    Result<std::string> maximum(const std::vector<std::string> &versions);
    [[nodiscard]] std::filesystem::path stamp() const { return folder_ / "updated"; }

    Env env_;
    std::filesystem::path folder_;
    bool of_sources_;
};

// An Error that the network may be to blame for. `errors`: what apt has printed.
tl::unexpected<Error> archive_unreachable(const std::string &what, const std::string &errors);

} // namespace krun
