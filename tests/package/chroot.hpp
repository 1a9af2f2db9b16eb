// SPDX-License-Identifier: MIT
// A clean Debian 12 in a folder, made by mmdebstrap from this machine's own mirrors. It has apt, gcc and the C
// library's headers. A tarball of it is kept in the cache for the day.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "packages.hpp"
#include "util/process.hpp"

namespace krun
{

class Chroot
{
  public:
    // Why this machine cannot have one; empty when it can.
    static std::string obstacle();

    Chroot();
    Chroot(const Chroot &) = delete;
    Chroot &operator=(const Chroot &) = delete;
    ~Chroot();

    // Runs a program as root in there.
    [[nodiscard]] ProcessResult run(const std::vector<std::string> &argv) const;
    // The same, which must succeed: its output.
    [[nodiscard]] std::string output_of(const std::vector<std::string> &argv) const;
    void write(const std::filesystem::path &path, const std::string &text) const;
    // A file, or a folder with all below it.
    void copy_in(const std::filesystem::path &from, const std::filesystem::path &to) const;
    void copy_out(const std::filesystem::path &from, const std::filesystem::path &to) const;

  private:
    OwnFolder folder_;
    std::filesystem::path root_;
};

} // namespace krun
