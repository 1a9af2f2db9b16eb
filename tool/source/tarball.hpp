// SPDX-License-Identifier: MIT
// Tarballs: their names, decompressing and unpacking with signs of life.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

// "linux-7.4.tar.xz" without its compression suffix: "linux-7.4.tar". Empty if it is not a tarball's name.
std::string tar_name(const std::string &file);
// What is needed to read it; both empty for a plain .tar.
NeededProgram decompressor_of(const std::string &file);

// Leaves the uncompressed tarball in `folder`, and returns its path. The original is only read.
Result<std::filesystem::path> decompress(const Env &env, const std::filesystem::path &tarball,
                                         const std::filesystem::path &folder);

// The files beside a tarball that may hold its signature, which is one of the uncompressed bytes.
std::vector<std::filesystem::path> signature_names(const std::filesystem::path &tarball);

// `strip`: how many leading folders of each name are left out.
Command tar_command(const std::filesystem::path &tarball, const std::filesystem::path &folder, int strip);
// Without the one folder that everything is in.
Result<void> unpack_tarball(ProcessRunner &runner, const std::filesystem::path &tarball,
                            const std::filesystem::path &folder);

} // namespace krun
