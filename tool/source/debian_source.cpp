// SPDX-License-Identifier: MIT
// See debian_source.hpp.
#include "source/debian_source.hpp"

#include <fmt/format.h>
#include <utility>

#include "self/krunctl.hpp"
#include "source/tarball.hpp"
#include "util/terminal.hpp"

namespace krun
{

DebianSource::DebianSource(const Env &env, KernelLine line)
    : Source(env), line_(std::move(line)), archive_(env, cache_directory() / "apt")
{
    facts_.text = line_.package;
}

std::vector<NeededProgram> DebianSource::programs() const
{
    return {{"xz", "xz-utils"}, {"apt-get", "apt"}, {"dpkg-deb", "dpkg"}};
}

Result<void> DebianSource::identify()
{
    facts_.version = TRY(archive_.newest_version(line_.package, line_.suites));
    checksum_ = TRY(archive_.checksum(line_.package, facts_.version, line_.suites));
    facts_.text = facts_.identity = fmt::format("{} {}", line_.package, facts_.version);
    // Without Debian's part.
    facts_.kernel = facts_.version.substr(0, facts_.version.find('-'));
    facts_.stem = source_cache() / fmt::format("{}_{}", line_.package, facts_.version);
    return {};
}

nlohmann::ordered_json DebianSource::metadata() const
{
    nlohmann::ordered_json source = {{"package", line_.package}, {"version", facts_.version}};
    if (!checksum_.empty())
        source["sha256"] = checksum_;
    return source;
}

Result<std::filesystem::path> DebianSource::find_tarball(const std::filesystem::path &folder) const
{
    const auto sources = folder / "usr/src";
    if (env_.dry_run())
        return sources / (line_.package + ".tar.xz");
    const auto names = env_.files.list(sources).value_or(std::vector<std::string>());
    for (const auto &name : names) {
        if (name.find(".tar") != std::string::npos)
            return sources / name;
    }
    return failure(fmt::format("the package {} contains no tarball in usr/src", line_.package));
}

// A download that apt had verified may have been damaged on the disk since: once more, then.
Result<void> DebianSource::unpack_package(const std::filesystem::path &folder)
{
    for (bool again : {true, false}) {
        const auto deb = TRY(archive_.download(line_.package, line_.suites, facts_.version));
        say(fmt::format("extracting {}", deb.filename().string()));
        auto unpacked = archive_.unpack({deb}, folder);
        if (unpacked || unpacked.error().kind != ErrorKind::damaged || !again)
            return unpacked;
        say(fmt::format("{} is damaged; downloading it again", deb.string()));
        TRY(env_.files.remove_all(deb));
    }
    return {};
}

Result<void> DebianSource::fetch_tree(const std::filesystem::path &work)
{
    const auto package = work / "package";
    TRY(unpack_package(package));
    return unpack_tarball(env_.runner, TRY(find_tarball(package)), work / "tree");
}

} // namespace krun
