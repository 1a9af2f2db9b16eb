// SPDX-License-Identifier: MIT
// OpenPGP signatures of tarballs, by gpgv(1): it knows the keys of one keyring and nothing of the person's own.
#pragma once

#include <filesystem>
#include <string>

#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

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

} // namespace krun
