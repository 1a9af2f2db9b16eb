// SPDX-License-Identifier: MIT
// Files that a person names on the command line.
//
// Theory: such a name may stand for a pipe (`<(...)`, /dev/stdin), which gives its bytes once. So an input is read
// once, before anything that takes long, and what was read is what is used: for the check, the build's key and the
// result.
#pragma once

#include <filesystem>
#include <string>

#include "util/env.hpp"

namespace krun
{

// What messages call an input, and what to do about a wrong one.
struct InputKind {
    const char *what; // "configuration"
    const char *hint;
};

// All bytes. A usage error, by name, for what is missing, a folder, unreadable, empty or endless.
Result<std::string> read_input(Filesystem &files, const std::filesystem::path &path, const InputKind &kind);

// The same, decompressed (gzip, xz, zstd, bzip2, told by the first bytes and not by the name), without a byte order
// mark and carriage returns before newlines. A usage error for what is no text.
Result<std::string> read_text_input(const Env &env, const std::filesystem::path &path, const InputKind &kind);

// For files that have to be read several times: a usage error for a pipe or device.
Result<void> expect_regular_file(const std::filesystem::path &path, const InputKind &kind);

// "own.config"; the whole path when the last part says nothing ("/dev/fd/63").
std::string input_name(const std::filesystem::path &path);

// The program that decompresses data that begins like this, and its Debian package; both empty for other data.
NeededProgram decompressor_for(std::string_view data);

} // namespace krun
