// SPDX-License-Identifier: MIT
// The project's Debian packages, built once for all tests, and what they hold when they are unpacked.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "util/process.hpp"

namespace krun
{

// A folder of its own, which goes with the object.
class OwnFolder
{
  public:
    OwnFolder();
    OwnFolder(const OwnFolder &) = delete;
    OwnFolder &operator=(const OwnFolder &) = delete;
    ~OwnFolder();
    [[nodiscard]] const std::filesystem::path &path() const { return path_; }

  private:
    std::filesystem::path path_;
};

// Runs a program of this machine in an empty environment of its own: no KRUN_DATA, a fresh HOME.
ProcessResult run_program(std::vector<std::string> argv, const std::filesystem::path &directory = "/",
                          const std::map<std::string, std::string> &environment = {});
ProcessResult build_debs(const std::vector<std::string> &arguments,
                         const std::map<std::string, std::string> &environment = {});

// A copy of the source, for tests that change it. Returns `folder`.
std::filesystem::path copy_source_to(const std::filesystem::path &folder);

constexpr const char *package_names[] = {"krunctl", "krun-dkms", "krun-syscall-dev", "libkruncounters1",
                                         "libkruncounters-dev"};

struct Packages {
    std::filesystem::path folder; // what build-debs has put out
    std::filesystem::path root;   // all packages unpacked, as they lie below /

    [[nodiscard]] std::filesystem::path deb(const std::string &name) const; // of the package `name`
    [[nodiscard]] std::filesystem::path changes() const;
    // The krunctl of the package.
    [[nodiscard]] ProcessResult krunctl(std::vector<std::string> arguments,
                                        const std::map<std::string, std::string> &environment = {}) const;
};

// Builds them at the first call. They cannot be had: a std::runtime_error with the reason, in each test.
const Packages &packages();

// The subcommands that `krunctl --help` names, and the options of one of them or of krunctl itself ("").
std::vector<std::string> commands_of_help();
std::vector<std::string> options_of_help(const std::string &command);

} // namespace krun
