// SPDX-License-Identifier: MIT
// What `--source` names; see source_origin.hpp.
#include "source/source_origin.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <functional>

#include "source/download.hpp"
#include "source/tarball.hpp"
#include "util/input_file.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *names_of_tarballs = "the names of tarballs end in .tar, .tar.xz, .tar.gz, .tar.bz2 or .tar.zst";

// Without `_`, which only the trees of Debian's packages have in their names.
std::string in_folder_name(const std::string &text)
{
    std::string name;
    for (const unsigned char character : text)
        name +=
            std::isalnum(character) != 0 || character == '.' || character == '+' ? static_cast<char>(character) : '-';
    name.erase(0, name.find_first_not_of('.')); // nothing hidden
    return name.empty() ? "linux" : name;
}

std::string without_password(const std::string &url)
{
    const auto host = url.find("://") + 3;
    const auto at = url.find('@', host);
    return at == std::string::npos || at > url.find('/', host) ? url : url.substr(0, host) + url.substr(at + 1);
}

bool is_url(const std::string &name)
{
    const auto scheme = name.find("://");
    return scheme != std::string::npos && scheme > 0 &&
           std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(scheme),
                       [](unsigned char character) { return std::isalnum(character) != 0 || character == '+'; });
}

tl::unexpected<Error> no_tarball(const std::string &name)
{
    return usage_error(fmt::format("{} is not a tarball that krunctl can read", shell_quoted(name)), names_of_tarballs);
}

// Its digest is taken, and it is read again to be unpacked. What its name says of its compression decides who is asked
// to do that.
Result<void> expect_tarball(Filesystem &files, const std::filesystem::path &path)
{
    constexpr InputKind kind = {"tarball", names_of_tarballs};
    constexpr std::size_t magic_size = 8;
    TRY(expect_regular_file(path, kind));
    const auto head = files.read_at_most(path, magic_size);
    if (!head)
        return usage_error(fmt::format("the tarball cannot be used: {}", head.error().message));
    if (head->empty())
        return usage_error(fmt::format("the tarball {} is empty", shell_quoted(path.string())), "fetch it again");
    const auto named = decompressor_of(path.filename().string()).program;
    const auto found = decompressor_for(*head).program;
    if (named != found)
        return usage_error(fmt::format("the tarball {} is {}, which its name does not say", shell_quoted(path.string()),
                                       found.empty() ? "not compressed" : "compressed by " + found),
                           "give it the name that fits what is in it, or fetch it again");
    return {};
}

Result<SourceOrigin> url_origin(const std::string &url, const std::filesystem::path &downloads)
{
    const auto scheme = url.substr(0, url.find("://"));
    if (scheme != "http" && scheme != "https" && scheme != "file")
        return usage_error(fmt::format("a source cannot be downloaded by {}://", scheme),
                           "http://, https:// and file:// are supported; clone a git repository and name its folder");
    SourceOrigin origin;
    origin.kind = OriginKind::url;
    origin.text = without_password(url);
    origin.url = url;
    const auto query = std::min(url.find_first_of("?#"), url.size());
    const auto address = url.substr(0, query);
    const auto file = address.substr(address.rfind('/') + 1);
    const auto tar = tar_name(file);
    if (tar.empty())
        return no_tarball(origin.text);
    origin.signature_url = address.substr(0, address.size() - file.size()) + tar + ".sign" + url.substr(query);
    // One folder for each URL: many servers have a file of this name.
    origin.path = downloads / fmt::format("{:016x}", std::hash<std::string>{}(url)) / file;
    origin.name = in_folder_name(tar.substr(0, tar.size() - 4));
    return origin;
}

Result<SourceOrigin> path_origin(Filesystem &files, const std::string &name)
{
    SourceOrigin origin;
    origin.path = std::filesystem::absolute(name).lexically_normal();
    if (!origin.path.has_filename() && origin.path.has_relative_path()) // "--source folder/"
        origin.path = origin.path.parent_path();
    origin.text = origin.path.string();
    if (!files.exists(origin.path))
        return usage_error(fmt::format("there is no source {}", shell_quoted(name)),
                           "it is a folder, a tarball, or a URL of a tarball");
    if (files.is_directory(origin.path)) {
        // A worktree of git has a file of this name.
        origin.kind = files.exists(origin.path / ".git") ? OriginKind::git : OriginKind::folder;
        origin.name = in_folder_name(origin.path.filename().string());
        return origin;
    }
    origin.kind = OriginKind::tarball;
    const auto tar = tar_name(origin.path.filename().string());
    if (tar.empty())
        return no_tarball(name);
    TRY(expect_tarball(files, origin.path));
    origin.name = in_folder_name(tar.substr(0, tar.size() - 4));
    return origin;
}

// Why should the tarball be trusted? Checked before anything is downloaded or unpacked.
Result<void> choose_keyring(Filesystem &files, const SourceRequest &request, SourceOrigin &origin)
{
    const bool has_keyring = !request.keyring.empty();
    if (!origin.is_tarball()) {
        if (has_keyring || request.unverified)
            return usage_error(fmt::format("{} does not apply to a folder: only tarballs are signed",
                                           has_keyring ? "--keyring" : "--unverified"),
                               "leave it out");
        return {};
    }
    if (has_keyring && request.unverified)
        return usage_error("--keyring and --unverified contradict each other", "leave one of them out");
    if (request.unverified)
        return {};
    if (!has_keyring)
        return usage_error("a tarball needs --keyring FILE, the OpenPGP keys that its signature may be from",
                           "or build it with --unverified, if you know where it comes from");
    // gpgv looks for a bare name in the home folder of GnuPG.
    origin.keyring = std::filesystem::absolute(request.keyring).lexically_normal();
    origin.keyring_data = TRY(read_keyring(files, origin.keyring));
    return {};
}

} // namespace

std::string name_of(OriginKind kind)
{
    constexpr std::array names = {"git", "folder", "tarball", "url"};
    return names.at(static_cast<std::size_t>(kind));
}

Result<SourceOrigin> find_origin(Filesystem &files, const SourceRequest &request,
                                 const std::filesystem::path &downloads)
{
    auto origin = TRY(is_url(request.name) ? url_origin(request.name, downloads) : path_origin(files, request.name));
    TRY(choose_keyring(files, request, origin));
    return origin;
}

} // namespace krun
