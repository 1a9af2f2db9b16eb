// SPDX-License-Identifier: MIT

#include "source/download.hpp"

#include <array>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "util/input_file.hpp"
#include "util/result.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *way_out = "or build with --unverified, if you know where it comes from";

// Words of gpgv, the worst first.
constexpr std::array<std::pair<const char *, SignatureVerdict>, 6> bad_news = {{
    {"BADSIG", SignatureVerdict::bad},
    {"REVKEYSIG", SignatureVerdict::revoked_key},
    {"EXPKEYSIG", SignatureVerdict::expired_key},
    {"EXPSIG", SignatureVerdict::expired},
    {"ERRSIG", SignatureVerdict::unknown_key},
    {"NO_PUBKEY", SignatureVerdict::unknown_key},
}};

} // namespace

Result<std::string> read_keyring(Filesystem &files, const std::filesystem::path &keyring)
{
    constexpr InputKind kind = {"keyring", "it is a file of OpenPGP public keys, as `gpg --export` writes it"};
    auto data = read_input(files, keyring, kind);
    if (!data)
        return data;
    // gpgv takes the text form for an empty keyring, and says only that the key is missing.
    if (data->find("-----BEGIN PGP") != std::string::npos)
        return usage_error(fmt::format("the keyring {} is ASCII-armored, which gpgv cannot read", keyring.string()),
                           fmt::format("gpg --dearmor < {} > keyring.gpg", shell_quoted(keyring.string())));
    // A packet's first byte has its type in it, in one of two ways; that of a public key is 6. The other form is
    // GnuPG's own keybox.
    const auto first = static_cast<unsigned char>(data->front());
    const bool is_key = (first & 0xfcU) == 0x98 || first == 0xc6;
    const bool is_keybox = data->substr(0, 12).ends_with("KBXf");
    if (!is_key && !is_keybox)
        return usage_error(fmt::format("the keyring {} holds no OpenPGP keys", shell_quoted(keyring.string())),
                           kind.hint);
    return data;
}

Command signature_command(const std::filesystem::path &keyring, const std::filesystem::path &signature,
                          const std::filesystem::path &data)
{
    Command command;
    command.argv = {"gpgv", "--status-fd", "1", "--keyring", keyring.string(), signature.string(), data.string()};
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
    for (const auto &[word, verdict] : bad_news) {
        if (said.contains(word))
            return verdict;
    }
    if (result.ok() && said.contains("GOODSIG") && said.contains("VALIDSIG"))
        return SignatureVerdict::good;
    return SignatureVerdict::no_signature;
}

Result<void> check_signature(ProcessRunner &runner, const std::filesystem::path &keyring,
                             const std::filesystem::path &signature, const std::filesystem::path &data,
                             const SignedNames &names)
{
    const auto &name = names.data;
    const auto result = TRY(runner.run(signature_command(keyring, signature, data)));
    switch (verdict_of(result)) {
    case SignatureVerdict::good:
        return {};
    case SignatureVerdict::bad:
        return damaged(fmt::format("{} is not what was signed: the signature {} is bad", name, signature.string()),
                       "tarball or signature were changed or are damaged: fetch both again");
    case SignatureVerdict::unknown_key:
        return failure(fmt::format("the keyring {} does not have the key that signed {}", names.keyring, name),
                       fmt::format("name the keyring that does with --keyring, {}", way_out));
    case SignatureVerdict::expired_key:
        return failure(fmt::format("the key that signed {} has expired in the keyring {}", name, names.keyring),
                       fmt::format("fetch the key again, {}", way_out));
    case SignatureVerdict::revoked_key:
        return failure(fmt::format("the key that signed {} has been revoked", name));
    case SignatureVerdict::expired:
        return failure(fmt::format("the signature of {} has expired", name));
    case SignatureVerdict::no_signature:
        break;
    }
    return damaged(fmt::format("{} is not an OpenPGP signature of {}", signature.string(), name),
                   fmt::format("fetch the signature again, {}", way_out));
}

namespace
{

// curl's exit statuses.
constexpr int write_error = 23;
constexpr int http_error = 22;
constexpr int no_ranges = 33;
constexpr int cannot_resume = 36;
constexpr int no_such_file = 37;

// "curl: (22) The requested URL returned error: 404" without its head.
std::string words_of_curl(const ProcessResult &result)
{
    for (const auto &line : lines_of(result.errors)) {
        if (line.starts_with("curl: (") && line.find(") ") != std::string::npos)
            return trim(line.substr(line.find(") ") + 2));
    }
    return fmt::format("curl failed with status {}", result.status);
}

tl::unexpected<Error> download_error(const ProcessResult &result, const std::string &name,
                                     const std::filesystem::path &file)
{
    if (result.status == write_error || tells_of_full_disk(result.errors))
        return full_disk("the file system of " + file.string());
    const bool missing = result.status == http_error || result.status == no_such_file;
    return failure(fmt::format("cannot download {}: {}", name, words_of_curl(result)),
                   missing ? "is the URL right?" : "is there a network, and does the server answer?");
}

} // namespace

Command download_command(const std::string &url, const std::filesystem::path &file)
{
    Command command;
    // What was asked for over https does not come over http because a server says so.
    const char *redirections = url.starts_with("https:") ? "=https" : "=http,https";
    command.argv = {"curl", "--fail", "--location", "--silent", "--show-error", "--globoff", "--proto",
                    "=http,https,file", "--proto-redir", redirections, "--connect-timeout", "30",
                    // Do not wait all night for a silent server.
                    "--speed-limit", "1", "--speed-time", "60", "--continue-at", "-", "--output", file.string(), "--",
                    url};
    return command;
}

Result<void> download(const Env &env, const std::string &url, const std::string &name,
                      const std::filesystem::path &file)
{
    if (env.files.exists(file))
        return {};
    TRY(env.files.make_directories(file.parent_path()));
    const auto partial = with_suffix(file, ".partial");
    for (;;) {
        const bool resumed = env.files.exists(partial);
        say(fmt::format("{} {}", resumed ? "resuming the download of" : "downloading", name));
        // An Error usually means Ctrl-C: the next run resumes the download.
        const auto result = TRY(env.runner.run(download_command(url, partial)));
        if (result.ok())
            return env.files.rename(partial, file);
        const bool refused = result.status == http_error || result.status == no_such_file;
        const bool start_over = resumed && (refused || result.status == no_ranges || result.status == cannot_resume);
        if (refused || start_over)
            TRY(env.files.remove_all(partial));
        if (!start_over)
            return download_error(result, name, file);
    }
}

} // namespace krun
