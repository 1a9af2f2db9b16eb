// SPDX-License-Identifier: MIT
// OpenPGP signatures; see signature.hpp.
#include "source/signature.hpp"

#include <fmt/format.h>
#include <set>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *way_out = "or build with --unverified, if you know where it comes from";

} // namespace

Result<void> check_keyring(Filesystem &files, const std::filesystem::path &keyring)
{
    if (!files.exists(keyring) || files.is_directory(keyring))
        return usage_error(fmt::format("there is no keyring {}", shell_quoted(keyring.string())),
                           "it is a file of OpenPGP public keys, as `gpg --export` writes it");
    const auto text = files.read(keyring);
    if (!text)
        return usage_error(fmt::format("the keyring cannot be used: {}", text.error().message));
    if (text->empty())
        return usage_error(fmt::format("the keyring {} is empty", keyring.string()),
                           "it is a file of OpenPGP public keys, as `gpg --export` writes it");
    // gpgv takes the text form for an empty keyring, and says only that the key is missing.
    if (text->find("-----BEGIN PGP") != std::string::npos)
        return usage_error(fmt::format("the keyring {} is ASCII-armored, which gpgv cannot read", keyring.string()),
                           fmt::format("gpg --dearmor < {} > keyring.gpg", shell_quoted(keyring.string())));
    return {};
}

Command signature_command(const std::filesystem::path &keyring, const std::filesystem::path &signature,
                          const std::filesystem::path &data)
{
    Command command;
    command.argv = {"gpgv", "--status-fd", "1", "--keyring", keyring.string(), signature.string(), data.string()};
    command.environment["LC_ALL"] = "C";
    return command;
}

SignatureVerdict verdict_of(const ProcessResult &result)
{
    std::set<std::string> said;
    for (const auto &line : lines_of(result.output)) {
        const auto words = words_of(line);
        if (words.size() >= 2 && words[0] == "[GNUPG:]")
            said.insert(words[1]);
    }
    // Of several signatures, one that is bad counts more than one that is good.
    if (said.count("BADSIG") > 0)
        return SignatureVerdict::bad;
    if (said.count("REVKEYSIG") > 0)
        return SignatureVerdict::revoked_key;
    if (said.count("EXPKEYSIG") > 0)
        return SignatureVerdict::expired_key;
    if (said.count("EXPSIG") > 0)
        return SignatureVerdict::expired;
    if (said.count("ERRSIG") > 0 || said.count("NO_PUBKEY") > 0)
        return SignatureVerdict::unknown_key;
    if (result.ok() && said.count("GOODSIG") > 0 && said.count("VALIDSIG") > 0)
        return SignatureVerdict::good;
    return SignatureVerdict::no_signature;
}

Result<void> check_signature(ProcessRunner &runner, const std::filesystem::path &keyring,
                             const std::filesystem::path &signature, const std::filesystem::path &data,
                             const std::string &name)
{
    const auto result = runner.run(signature_command(keyring, signature, data));
    if (!result)
        return tl::unexpected(result.error());
    switch (verdict_of(*result)) {
    case SignatureVerdict::good:
        return {};
    case SignatureVerdict::bad:
        return failure(fmt::format("{} is not what was signed: the signature {} is bad", name, signature.string()),
                       "tarball or signature were changed or are damaged: fetch both again");
    case SignatureVerdict::unknown_key:
        return failure(fmt::format("the keyring {} does not have the key that signed {}", keyring.string(), name),
                       fmt::format("name the keyring that does with --keyring, {}", way_out));
    case SignatureVerdict::expired_key:
        return failure(fmt::format("the key that signed {} has expired in the keyring {}", name, keyring.string()),
                       fmt::format("fetch the key anew, {}", way_out));
    case SignatureVerdict::revoked_key:
        return failure(fmt::format("the key that signed {} has been revoked", name));
    case SignatureVerdict::expired:
        return failure(fmt::format("the signature of {} has expired", name));
    case SignatureVerdict::no_signature:
        break;
    }
    return failure(fmt::format("{} is no OpenPGP signature of {}", signature.string(), name),
                   fmt::format("fetch the signature again, {}", way_out));
}

} // namespace krun
