// SPDX-License-Identifier: MIT
// A Debian package made by the kernel, repacked: with our files in it, and with the same bytes every day.
//
// Theory: the kernel's packaging differs from line to line, and none has a place for a file of ours. What all lines
// agree on is the package itself. What in it depends on day and place is known and small: times of files, the date in
// the changelog, and absolute paths in what the build system has noted and in its programs' debug information. Replaced
// or removed, the same kernel gives the same package; owners and order are dpkg-deb's care.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "util/env.hpp"

namespace krun
{

struct AddedFile {
    std::filesystem::path path; // below the root of the machine, without a leading slash
    std::string text;
};

struct AddedProgram {
    std::filesystem::path path; // likewise
    std::filesystem::path from; // without its symbols in the package
};

struct Repacking {
    std::filesystem::path deb;    // as the kernel made it
    std::filesystem::path work;   // unpacked here
    std::filesystem::path target; // the result
    std::filesystem::path log;
    std::string changelog; // replaces the package's own
    std::vector<AddedFile> added;
    std::vector<AddedProgram> programs;
};

// Every time stamp in a package, in seconds since 1970: early 1980, because archive tools call what is older an error.
inline constexpr long package_epoch = 315532800;

// `target` appears whole or not at all; `work` is gone afterwards. A dry run does not show what is changed in between,
// which depends on what is in the package.
Result<void> repack_deb(const Env &env, const Repacking &repacking);

} // namespace krun
