// SPDX-License-Identifier: MIT
// Downloads of single files, by curl(1), and their signatures, by gpgv(1).
#pragma once

#include <filesystem>
#include <string>

#include "util/env.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// OpenPGP signatures of tarballs, by gpgv(1): it knows the keys of one keyring and nothing of the person's own.

// The bytes of a keyring that gpgv will be able to read.
Result<std::string> read_keyring(Filesystem &files, const std::filesystem::path &keyring);

Command signature_command(const std::filesystem::path &keyring, const std::filesystem::path &signature,
                          const std::filesystem::path &data);

enum class SignatureVerdict { good, bad, unknown_key, expired_key, revoked_key, expired, no_signature };
// What gpgv said with --status-fd.
SignatureVerdict verdict_of(const ProcessResult &result);

// An Error unless `signature` is one of `data` by a key of the keyring. `names` are those of tarball and keyring, for
// the Error.
struct SignedNames {
    std::string data;
    std::string keyring;
};
Result<void> check_signature(ProcessRunner &runner, const std::filesystem::path &keyring,
                             const std::filesystem::path &signature, const std::filesystem::path &data,
                             const SignedNames &names);

// Downloads of single files, by curl(1). What is named by the final path is whole.

Command download_command(const std::string &url, const std::filesystem::path &file);

// Does nothing if `file` exists. Resumes an interrupted download (".partial" beside it).
// `name` is the URL as it may be shown.
Result<void> download(const Env &env, const std::string &url, const std::string &name,
                      const std::filesystem::path &file);

} // namespace krun
