// SPDX-License-Identifier: MIT
// Debian's package of a kernel line's source, "linux-source-6.12": the newest version that the line's suites have.
#include <fmt/format.h>
#include <utility>

#include "self/krunctl.hpp"
#include "source/apt_archive.hpp"
#include "source/source.hpp"
#include "source/tarball.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

class DebianSource : public Source
{
  public:
    DebianSource(const Env &env, KernelLine line)
        : Source(env), line_(std::move(line)), archive_(env, cache_directory() / "apt")
    {
        facts_.text = line_.package;
    }

    [[nodiscard]] std::vector<NeededProgram> programs() const override
    {
        return {{"xz", "xz-utils"}, {"apt-get", "apt"}, {"dpkg-deb", "dpkg"}};
    }

    // Nothing is downloaded but the archive's index. In a dry run, the version is the word NEWEST when there has been
    // none yet.
    Result<void> identify() override
    {
        facts_.version = TRY(archive_.newest_version(line_.package, line_.suites));
        checksum_ = TRY(archive_.checksum(line_.package, facts_.version, line_.suites));
        facts_.text = facts_.identity = fmt::format("{} {}", line_.package, facts_.version);
        // Without Debian's part.
        facts_.kernel = facts_.version.substr(0, facts_.version.find('-'));
        facts_.stem = source_cache() / fmt::format("{}_{}", line_.package, facts_.version);
        return {};
    }

    [[nodiscard]] nlohmann::ordered_json metadata() const override
    {
        nlohmann::ordered_json source = {{"package", line_.package}, {"version", facts_.version}};
        if (!checksum_.empty())
            source["sha256"] = checksum_;
        return source;
    }

    [[nodiscard]] HookedSource for_hooks() const override { return {facts_.text, {}}; }
    [[nodiscard]] bool is_of_its_kind(const std::string &tree) const override
    {
        return tree.starts_with(line_.package + "_");
    }

  private:
    Result<void> fetch_tree(const std::filesystem::path &work) override
    {
        const auto package = work / "package";
        TRY(unpack_package(package));
        return unpack_tarball(env_.runner, TRY(find_tarball(package / "usr/src")), work / "tree");
    }

    // A download that apt had verified may have been damaged on the disk since: once more, then.
    Result<void> unpack_package(const std::filesystem::path &folder)
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

    [[nodiscard]] Result<std::filesystem::path> find_tarball(const std::filesystem::path &folder) const
    {
        if (env_.dry_run())
            return folder / (line_.package + ".tar.xz");
        for (const auto &name : env_.files.list(folder).value_or(std::vector<std::string>())) {
            if (name.find(".tar") != std::string::npos)
                return folder / name;
        }
        return failure(fmt::format("the package {} contains no tarball in usr/src", line_.package));
    }

    KernelLine line_;
    AptArchive archive_;
    std::string checksum_; // SHA-256 of the package, as the archive's index has it
};

} // namespace

std::unique_ptr<Source> debian_source(const Env &env, const KernelLine &line)
{
    return std::make_unique<DebianSource>(env, line);
}

} // namespace krun
