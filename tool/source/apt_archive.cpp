// SPDX-License-Identifier: MIT
// Packages from Debian's archive; see apt_archive.hpp.
#include "source/apt_archive.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "source/apt_index.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/result.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{

struct AptArchive::Wanted {
    FileLock lock;
    AptIndex index;
    std::string version;
};

namespace
{

constexpr const char *try_again = "try again; if it stays so, find out who changes it";

} // namespace

AptArchive::AptArchive(const Env &env, std::filesystem::path state) : env_(env), state_(std::move(state)) {}

Result<std::string> AptArchive::newest_version(const std::string &package, const std::vector<std::string> &suites)
{
    return TRY(find_wanted("deb", package, suites)).version;
}

Result<std::vector<std::string>> AptArchive::dependencies(const std::string &package,
                                                          const std::vector<std::string> &suites)
{
    auto wanted = TRY(find_wanted("deb", package, suites));
    const auto shown =
        TRY(env_.runner.run_ok(wanted.index.question({"apt-cache", "show", package + "=" + wanted.version})));
    const std::string field = "Depends:";
    std::vector<std::string> names;
    for (const auto &line : lines_of(shown.output)) {
        if (!line.starts_with(field))
            continue;
        for (const auto &one : split(line.substr(field.size()), ','))
            if (const auto words = words_of(one); !words.empty())
                names.push_back(words.front());
    }
    return names;
}

Result<std::string> AptArchive::known_version(const std::string &package, const std::vector<std::string> &suites)
{
    auto index = AptIndex::existing(env_, state_, "deb", suites);
    return index ? index->known(package) : std::string();
}

Result<std::string> AptArchive::checksum(const std::string &package, const std::string &version,
                                         const std::vector<std::string> &suites)
{
    const auto lock = TRY(env_.files.lock(state_ / "lock", "the download cache"));
    auto index = AptIndex::existing(env_, state_, "deb", suites);
    return index ? index->checksum(package, version) : std::string();
}

// Runs apt-get in this folder, which is new; afterwards it has what was downloaded.
Result<void> AptArchive::fetch(AptIndex &index, const std::vector<std::string> &action, const std::string &what,
                               const std::filesystem::path &folder)
{
    std::vector<std::string> arguments = {"-o", "APT::Status-Fd=1"};
    arguments.insert(arguments.end(), action.begin(), action.end());
    const auto sandbox = TRY(index.sandbox());
    auto command = index.networked(sandbox, std::move(arguments));
    command.directory = sandbox ? sandbox->downloads() : folder;
    Progress progress("downloading " + what, 100);
    // "dlstatus:1:42.1234:Retrieving file 1 of 1"
    command.on_line = [&progress](const std::string &line) {
        const auto fields = split(line, ':');
        if (fields.size() >= 3 && fields[0] == "dlstatus")
            progress.set(static_cast<std::size_t>(std::strtod(fields[2].c_str(), nullptr)));
    };
    const auto result = TRY(env_.runner.run(command));
    if (result.ok()) {
        progress.finish("done");
        return sandbox && !env_.dry_run() ? take_over(sandbox->downloads(), folder) : Result<void>();
    }
    if (result.errors.find("No space left on device") != std::string::npos ||
        result.errors.find("enough free space") != std::string::npos)
        return no_space(
            fmt::format("no space left on {} for {}", (sandbox ? sandbox->downloads() : state_).string(), what),
            sandbox ? "free some space there"
                    : "free some space there, or name a folder on another disk with XDG_CACHE_HOME");
    return archive_unreachable("download " + what, result.errors);
}

Result<void> AptArchive::take_over(const std::filesystem::path &downloads, const std::filesystem::path &folder)
{
    const auto names = TRY(env_.files.list(downloads));
    for (const auto &name : names)
        TRY(copy_foreign_file(downloads / name, folder / name));
    return {};
}

Result<void> AptArchive::expect_source(const AptIndex &index, const std::string &package, const std::string &version,
                                       const std::filesystem::path &folder)
{
    const auto shown = TRY(env_.runner.run_ok(index.command({"apt-cache", "showsrc", "--only-source", package})));
    const auto names = TRY(env_.files.list(folder));
    const auto wanted = files_of_source(shown.output, version);
    if (wanted.empty() || wanted.size() != names.size())
        return failure(
            fmt::format("apt-get left other files of {} {} than the index of the Debian archive has", package, version),
            try_again);
    for (const auto &[name, digest] : wanted) {
        const auto actual = TRY(sha256_of_file(env_.runner, folder / name));
        if (actual != digest)
            return failure(fmt::format("{} is not what the index of the Debian archive says", name), try_again);
    }
    return {};
}

bool AptArchive::is_intact(AptIndex &index, const std::string &package, const std::string &version,
                           const std::filesystem::path &deb)
{
    const auto expected = index.checksum(package, version);
    const auto actual = sha256_of_file(env_.runner, deb);
    // A version that is no longer in the index cannot be compared; unpack() still notices damage.
    return actual && (expected.empty() || expected == *actual);
}

Result<AptArchive::Wanted> AptArchive::find_wanted(const std::string &types, const std::string &package,
                                                   const std::vector<std::string> &suites)
{
    auto lock = TRY(env_.files.lock(state_ / "lock", "the download cache"));
    auto index = TRY(AptIndex::open(env_, state_, types, suites));
    auto version = TRY(index.newest(package));
    return Wanted{std::move(lock), std::move(index), std::move(version)};
}

Result<std::filesystem::path> AptArchive::download(const std::string &package, const std::vector<std::string> &suites,
                                                   const std::string &expected)
{
    auto wanted = TRY(find_wanted("deb", package, suites));
    auto &index = wanted.index;
    const auto &version = wanted.version;
    if (!expected.empty() && version != expected)
        return failure(fmt::format("the Debian archive has had {} {}, and now has {}", package, expected, version),
                       "run krunctl again");

    const auto folder = state_ / "packages";
    const auto deb = folder / fmt::format("{}_{}.deb", package, in_file_name(version));
    if (env_.files.exists(deb)) {
        if (is_intact(index, package, version, deb))
            return deb;
        say(fmt::format("{} is damaged; downloading it again", deb.string()));
        TRY(env_.files.remove_all(deb));
    }
    const auto partial = state_ / "packages.partial";
    const auto fetch_it = [&]() -> Result<void> {
        const auto what = fmt::format("{} {}", package, version);
        TRY(fetch(index, {"download", package + "=" + version}, what, partial));
        if (env_.dry_run())
            return {};
        const auto names = env_.files.list(partial);
        if (!names || names->size() != 1)
            return failure(fmt::format("apt-get left no package file for {}", what));
        if (!is_intact(index, package, version, partial / names->front()))
            return failure(fmt::format("{} is not what the index of the Debian archive says", names->front()),
                           try_again);
        TRY(env_.files.make_directories(folder));
        return env_.files.rename(partial / names->front(), deb);
    };
    TRY(in_new_folder(env_.files, partial, fetch_it));
    if (env_.dry_run())
        return deb;
    // Versions that this one replaces would only fill the disk.
    for (const auto &name : env_.files.list(folder).value_or(std::vector<std::string>())) {
        if (name.starts_with(package + "_") && folder / name != deb)
            static_cast<void>(env_.files.remove_all(folder / name));
    }
    static_cast<void>(env_.files.remove_all(partial));
    return deb;
}

Result<std::filesystem::path> AptArchive::download_source(const std::string &package,
                                                          const std::vector<std::string> &suites)
{
    auto wanted = TRY(find_wanted("deb-src", package, suites));
    auto &index = wanted.index;
    const auto &version = wanted.version;

    const auto folder = state_ / "sources" / fmt::format("{}_{}", package, in_file_name(version));
    if (!env_.files.exists(folder)) {
        const auto partial = state_ / "sources.partial";
        const auto fetch_it = [&]() -> Result<void> {
            TRY(fetch(index, {"source", "--download-only", "--only-source", package + "=" + version},
                      fmt::format("the source of {} {}", package, version), partial));
            TRY(expect_source(index, package, version, partial));
            TRY(env_.files.make_directories(folder.parent_path()));
            return env_.files.rename(partial, folder);
        };
        TRY(in_new_folder(env_.files, partial, fetch_it));
    }
    const auto names = TRY(env_.files.list(folder));
    for (const auto &name : names) {
        if (name.ends_with(".dsc"))
            return folder / name;
    }
    return failure(fmt::format("{} contains no .dsc file", folder.string()), "remove that folder and try again");
}

Result<void> AptArchive::unpack(const std::vector<std::filesystem::path> &debs, const std::filesystem::path &directory)
{
    const auto partial = with_suffix(directory, ".partial");
    return in_new_folder(env_.files, partial, [&]() -> Result<void> {
        for (const auto &deb : debs) {
            Command command;
            command.argv = {"dpkg-deb", "-x", deb.string(), partial.string()};
            const auto result = TRY(env_.runner.run(command));
            if (result.ok())
                continue;
            if (tells_of_full_disk(result.errors))
                return full_disk("the file system of " + directory.string());
            return damaged(fmt::format("{} cannot be unpacked: {}", deb.string(), trim(last_lines(result.errors, 1))),
                           "fetch it again");
        }
        return env_.files.rename(partial, directory);
    });
}

} // namespace krun
