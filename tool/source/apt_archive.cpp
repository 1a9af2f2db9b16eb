// SPDX-License-Identifier: MIT
// Debian's archive through apt itself; see apt_archive.hpp.
#include "source/apt_archive.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "source/apt_configuration.hpp"
#include "source/apt_mirrors.hpp"
#include "source/apt_output.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{

struct AptArchive::Index {
    std::filesystem::path folder;
    bool source = false; // of source packages

    [[nodiscard]] Command command(std::vector<std::string> argv) const
    {
        Command result;
        result.argv = std::move(argv);
        result.environment = {{"LC_ALL", "C"}, {"APT_CONFIG", (folder / "apt.conf").string()}};
        return result;
    }
    [[nodiscard]] std::filesystem::path stamp() const { return folder / "updated"; }
};

struct AptArchive::Wanted {
    FileLock lock;
    Index index;
    std::string version;
};

namespace
{

constexpr const char *try_again = "try again; if it stays so, find out who changes it";
constexpr long index_lifetime = 24L * 60 * 60; // seconds

long now_in_seconds()
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

tl::unexpected<Error> unreachable(const std::string &what, const std::string &errors)
{
    return failure(
        fmt::format("cannot {}: {}", what, first_apt_complaint(errors)),
        "is there a network, and is apt's proxy right? what was downloaded before is kept and not needed again");
}

} // namespace

AptArchive::AptArchive(ProcessRunner &runner, Filesystem &files, std::filesystem::path state)
    : runner_(runner), files_(files), state_(std::move(state))
{
}

AptArchive::Index AptArchive::index_of(const std::string &types, const std::vector<std::string> &suites) const
{
    return {state_ / fmt::format("{}-{}", types, fmt::join(suites, "+")), types == "deb-src"};
}

Result<AptArchive::Index> AptArchive::open(const std::string &types, const std::vector<std::string> &suites)
{
    auto index = index_of(types, suites);
    for (const auto *folder : {"state/lists/partial", "cache/archives/partial"}) {
        if (auto made = files_.make_directories(index.folder / folder); !made)
            return tl::unexpected(made.error());
    }
    auto mirrors = find_apt_mirrors(runner_, files_);
    if (!mirrors)
        return tl::unexpected(mirrors.error());
    const auto sources = sources_for(*mirrors, suites, types);
    if (!sources)
        return tl::unexpected(sources.error());
    // Another mirror than last time: what we have is not its index.
    if (files_.read(index.folder / "krun.sources").value_or(std::string()) != *sources) {
        if (auto removed = files_.remove_all(index.stamp()); !removed)
            return tl::unexpected(removed.error());
    }
    if (auto written = files_.write(index.folder / "krun.sources", *sources); !written)
        return tl::unexpected(written.error());
    const auto configuration = apt_configuration(runner_, index.folder);
    if (!configuration)
        return tl::unexpected(configuration.error());
    if (auto written = files_.write(index.folder / "state/status", ""); !written)
        return tl::unexpected(written.error());
    if (auto written = files_.write(index.folder / "apt.conf", *configuration); !written)
        return tl::unexpected(written.error());
    return index;
}

Result<std::optional<AptSandbox>> AptArchive::sandbox_for(const Index &index)
{
    return AptSandbox::make(runner_, files_, files_.read(index.folder / "krun.sources").value_or(std::string()));
}

Command AptArchive::networked(const Index &index, const std::optional<AptSandbox> &sandbox,
                              std::vector<std::string> arguments)
{
    arguments.insert(arguments.begin(), {"apt-get", "-q"});
    if (sandbox)
        arguments.insert(arguments.end(), {"-o", "Dir::Cache::archives=" + sandbox->archives().string()});
    else if (geteuid() == 0)
        arguments.insert(arguments.end(), {"-o", "APT::Sandbox::User=root"});
    return index.command(std::move(arguments));
}

Result<void> AptArchive::update(const Index &index)
{
    say("reading the index of the Debian archive ...");
    const auto made = sandbox_for(index);
    if (!made)
        return tl::unexpected(made.error());
    const auto &sandbox = *made;
    auto command = networked(index, sandbox, {"update"});
    if (sandbox)
        command.argv.insert(command.argv.end(), {"-o", "Dir::State::lists=" + sandbox->lists().string()});
    const auto lists = index.folder / "state/lists";
    const auto copy_lists = [&](const std::filesystem::path &from, const std::filesystem::path &to) -> Result<void> {
        Command copy;
        copy.argv = {"cp", "-rT", "--preserve=timestamps", "--", from.string(), to.string()};
        if (auto copied = runner_.run_ok(copy); !copied)
            return tl::unexpected(copied.error());
        return {};
    };
    // apt asks the mirror only for what is newer.
    if (auto copied = sandbox ? copy_lists(lists, sandbox->lists()) : Result<void>(); !copied)
        return copied;
    const auto result = runner_.run(command);
    if (!result)
        return tl::unexpected(result.error());
    // Also when some of it could not be had.
    if (sandbox) {
        const auto fresh = index.folder / "state/lists.new";
        auto replaced = files_.remove_all(sandbox->lists() / "partial")
                            .and_then([&] { return files_.remove_all(fresh); })
                            .and_then([&] { return copy_lists(sandbox->lists(), fresh); })
                            .and_then([&] { return files_.remove_all(lists); })
                            .and_then([&] { return files_.rename(fresh, lists); });
        if (!replaced)
            return replaced;
    }
    if (!result->ok())
        return unreachable("update the index of the Debian archive", result->errors);
    return files_.write(index.stamp(), fmt::format("{}\n", now_in_seconds()));
}

Result<std::string> AptArchive::maximum(const std::vector<std::string> &versions)
{
    std::string newest_so_far;
    for (const auto &version : versions) {
        if (newest_so_far.empty()) {
            newest_so_far = version;
            continue;
        }
        Command compare;
        compare.argv = {"dpkg", "--compare-versions", version, "gt", newest_so_far};
        const auto greater = runner_.run(compare);
        if (!greater)
            return tl::unexpected(greater.error());
        if (greater->ok())
            newest_so_far = version;
    }
    return newest_so_far;
}

Result<std::string> AptArchive::newest_in(const Index &index, const std::string &package)
{
    std::vector<std::string> versions;
    if (index.source) {
        const auto shown = runner_.run(index.command({"apt-cache", "showsrc", "--only-source", package}));
        if (!shown)
            return tl::unexpected(shown.error());
        for (const auto &line : lines_of(shown->output)) {
            if (line.starts_with("Version: "))
                versions.push_back(trim(line.substr(9)));
        }
    } else {
        const auto listed = runner_.run(index.command({"apt-cache", "madison", package}));
        if (!listed)
            return tl::unexpected(listed.error());
        for (const auto &line : lines_of(listed->output)) {
            const auto fields = split(line, '|');
            if (fields.size() == 3 && trim(fields[0]) == package && !fields[2].ends_with(" Sources"))
                versions.push_back(trim(fields[1]));
        }
    }
    return maximum(versions);
}

Result<std::string> AptArchive::newest(const Index &index, const std::string &package)
{
    auto known = newest_in(index, package);
    if (!known)
        return known;
    const auto stamp = files_.read(index.stamp()).value_or(std::string());
    const auto age = now_in_seconds() - std::strtol(stamp.c_str(), nullptr, 10);
    if (!known->empty() && age >= 0 && age < index_lifetime)
        return known;
    if (auto updated = update(index); !updated) {
        if (updated.error().code == ExitCode::interrupted)
            return tl::unexpected(updated.error());
        // Some of the suites may have been reached; and an old index is better than none.
        known = newest_in(index, package);
        if (!known || known->empty())
            return tl::unexpected(updated.error());
        say(fmt::format("note: {}; going on with {} {}, the newest known", updated.error().message, package, *known));
        return known;
    }
    known = newest_in(index, package);
    if (known && known->empty())
        return failure(fmt::format("the Debian archive has no package {}", package),
                       "the suites in line.toml may have dropped it");
    return known;
}

Result<std::string> AptArchive::newest_version(const std::string &package, const std::vector<std::string> &suites)
{
    auto wanted = find_wanted("deb", package, suites);
    if (!wanted)
        return tl::unexpected(wanted.error());
    return std::move(wanted->version);
}

Result<std::string> AptArchive::known_version(const std::string &package, const std::vector<std::string> &suites)
{
    const auto index = index_of("deb", suites);
    if (!files_.exists(index.folder / "apt.conf"))
        return std::string();
    return newest_in(index, package);
}

// Runs apt-get in a fresh folder that takes the downloads' place as a whole when all is there.
Result<void> AptArchive::fetch(const Index &index, const std::vector<std::string> &action, const std::string &what,
                               const std::filesystem::path &folder)
{
    if (auto removed = files_.remove_all(folder); !removed)
        return removed;
    if (auto made = files_.make_directories(folder); !made)
        return made;
    std::vector<std::string> arguments = {"-o", "APT::Status-Fd=1"};
    arguments.insert(arguments.end(), action.begin(), action.end());
    const auto made_sandbox = sandbox_for(index);
    if (!made_sandbox)
        return tl::unexpected(made_sandbox.error());
    const auto &sandbox = *made_sandbox;
    auto command = networked(index, sandbox, std::move(arguments));
    command.directory = sandbox ? sandbox->downloads() : folder;
    Progress progress("downloading " + what, 100);
    // "dlstatus:1:42.1234:Retrieving file 1 of 1"
    command.on_line = [&progress](const std::string &line) {
        const auto fields = split(line, ':');
        if (fields.size() >= 3 && fields[0] == "dlstatus")
            progress.set(static_cast<std::size_t>(std::strtod(fields[2].c_str(), nullptr)));
    };
    const auto result = runner_.run(command);
    if (result && result->ok()) {
        progress.finish("done");
        auto taken = sandbox ? take_over(sandbox->downloads(), folder) : Result<void>();
        if (!taken)
            static_cast<void>(files_.remove_all(folder));
        return taken;
    }
    // Also after Ctrl-C: half a download is of no use to the next run, which starts in a new folder.
    static_cast<void>(files_.remove_all(folder));
    if (!result)
        return tl::unexpected(result.error());
    if (result->errors.find("No space left on device") != std::string::npos ||
        result->errors.find("enough free space") != std::string::npos)
        return failure(
            fmt::format("no space left on {} for {}", (sandbox ? sandbox->downloads() : state_).string(), what),
            sandbox ? "free some space there"
                    : "free some space there, or name a folder on another disk with XDG_CACHE_HOME");
    return unreachable("download " + what, result->errors);
}

Result<void> AptArchive::take_over(const std::filesystem::path &downloads, const std::filesystem::path &folder)
{
    const auto names = files_.list(downloads);
    if (!names)
        return tl::unexpected(names.error());
    for (const auto &name : *names) {
        if (auto copied = copy_foreign_file(downloads / name, folder / name); !copied)
            return copied;
    }
    return {};
}

Result<void> AptArchive::expect_source(const Index &index, const std::string &package, const std::string &version,
                                       const std::filesystem::path &folder)
{
    const auto shown = runner_.run_ok(index.command({"apt-cache", "showsrc", "--only-source", package}));
    if (!shown)
        return tl::unexpected(shown.error());
    const auto names = files_.list(folder);
    if (!names)
        return tl::unexpected(names.error());
    const auto wanted = files_of_source(shown->output, version);
    if (wanted.empty() || wanted.size() != names->size())
        return failure(
            fmt::format("apt-get left other files of {} {} than the index of the Debian archive has", package, version),
            try_again);
    for (const auto &[name, digest] : wanted) {
        const auto actual = sha256_of_file(runner_, folder / name);
        if (!actual)
            return tl::unexpected(actual.error());
        if (*actual != digest)
            return failure(fmt::format("{} is not what the index of the Debian archive says", name), try_again);
    }
    return {};
}

std::string AptArchive::checksum_in(const Index &index, const std::string &package, const std::string &version)
{
    const auto shown = runner_.run(index.command({"apt-cache", "show", "--no-all-versions", package + "=" + version}));
    return shown && shown->ok() ? value_of_field(shown->output, "SHA256") : std::string();
}

Result<std::string> AptArchive::checksum(const std::string &package, const std::string &version,
                                         const std::vector<std::string> &suites)
{
    auto lock = FileLock::acquire(state_ / "lock", "the download cache");
    if (!lock)
        return tl::unexpected(lock.error());
    return checksum_in(index_of("deb", suites), package, version);
}

bool AptArchive::is_intact(const Index &index, const std::string &package, const std::string &version,
                           const std::filesystem::path &deb)
{
    const auto expected = checksum_in(index, package, version);
    const auto actual = sha256_of_file(runner_, deb);
    // A version that is no longer in the index cannot be compared; unpack() still notices damage.
    return actual && (expected.empty() || expected == *actual);
}

Result<AptArchive::Wanted> AptArchive::find_wanted(const std::string &types, const std::string &package,
                                                   const std::vector<std::string> &suites)
{
    auto lock = FileLock::acquire(state_ / "lock", "the download cache");
    if (!lock)
        return tl::unexpected(lock.error());
    auto index = open(types, suites);
    if (!index)
        return tl::unexpected(index.error());
    auto version = newest(*index, package);
    if (!version)
        return tl::unexpected(version.error());
    return Wanted{std::move(*lock), std::move(*index), std::move(*version)};
}

Result<std::filesystem::path> AptArchive::download(const std::string &package, const std::vector<std::string> &suites)
{
    const auto wanted = find_wanted("deb", package, suites);
    if (!wanted)
        return tl::unexpected(wanted.error());
    const auto &[lock, index, version] = *wanted;

    const auto folder = state_ / "packages";
    const auto deb = folder / fmt::format("{}_{}.deb", package, in_file_name(version));
    if (files_.exists(deb)) {
        if (is_intact(index, package, version, deb))
            return deb;
        say(fmt::format("{} is damaged; downloading it again", deb.string()));
        if (auto removed = files_.remove_all(deb); !removed)
            return tl::unexpected(removed.error());
    }
    const auto partial = state_ / "packages.partial";
    const auto what = fmt::format("{} {}", package, version);
    if (auto fetched = fetch(index, {"download", package + "=" + version}, what, partial); !fetched)
        return tl::unexpected(fetched.error());
    const auto names = files_.list(partial);
    if (!names || names->size() != 1)
        return failure(fmt::format("apt-get left no package file for {}", what));
    if (!is_intact(index, package, version, partial / names->front())) {
        static_cast<void>(files_.remove_all(partial));
        return failure(fmt::format("{} is not what the index of the Debian archive says", names->front()), try_again);
    }
    if (auto made = files_.make_directories(folder); !made)
        return tl::unexpected(made.error());
    if (auto renamed = files_.rename(partial / names->front(), deb); !renamed)
        return tl::unexpected(renamed.error());
    // Versions that this one replaces would only fill the disk.
    for (const auto &name : files_.list(folder).value_or(std::vector<std::string>())) {
        if (name.starts_with(package + "_") && folder / name != deb)
            static_cast<void>(files_.remove_all(folder / name));
    }
    static_cast<void>(files_.remove_all(partial));
    return deb;
}

Result<std::filesystem::path> AptArchive::download_source(const std::string &package,
                                                          const std::vector<std::string> &suites)
{
    const auto wanted = find_wanted("deb-src", package, suites);
    if (!wanted)
        return tl::unexpected(wanted.error());
    const auto &[lock, index, version] = *wanted;

    const auto folder = state_ / "sources" / fmt::format("{}_{}", package, in_file_name(version));
    if (!files_.exists(folder)) {
        const auto partial = state_ / "sources.partial";
        const auto fetched = fetch(index, {"source", "--download-only", "--only-source", package + "=" + version},
                                   fmt::format("the source of {} {}", package, version), partial);
        if (!fetched)
            return tl::unexpected(fetched.error());
        if (auto intact = expect_source(index, package, version, partial); !intact) {
            static_cast<void>(files_.remove_all(partial));
            return tl::unexpected(intact.error());
        }
        if (auto made = files_.make_directories(folder.parent_path()); !made)
            return tl::unexpected(made.error());
        if (auto renamed = files_.rename(partial, folder); !renamed)
            return tl::unexpected(renamed.error());
    }
    const auto names = files_.list(folder);
    if (!names)
        return tl::unexpected(names.error());
    for (const auto &name : *names) {
        if (name.ends_with(".dsc"))
            return folder / name;
    }
    return failure(fmt::format("{} contains no .dsc file", folder.string()), "remove that folder and try again");
}

Result<void> AptArchive::unpack(const std::filesystem::path &deb, const std::filesystem::path &directory)
{
    auto partial = directory;
    partial += ".partial";
    if (auto removed = files_.remove_all(partial); !removed)
        return removed;
    if (auto made = files_.make_directories(partial); !made)
        return made;
    Command command;
    command.argv = {"dpkg-deb", "-x", deb.string(), partial.string()};
    command.environment["LC_ALL"] = "C";
    const auto result = runner_.run_ok(command);
    if (!result) {
        static_cast<void>(files_.remove_all(partial));
        return tl::unexpected(result.error());
    }
    return files_.rename(partial, directory);
}

} // namespace krun
