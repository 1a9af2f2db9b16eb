// SPDX-License-Identifier: MIT
// From a kernel line to a patched tree in the cache; see kernel_source.hpp.
//
// Theory: a tree's folder is named after all that goes into it but the overlay, and comes into being by one rename of
// a finished tree. So a folder that exists is right, and hooks that changed lead to another folder.
#include "source/kernel_source.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>

#include "source/hooks.hpp"
#include "source/kernel_tree.hpp"
#include "source/overlay.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"
#include "util/system_error.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t tar_record = 10240;       // bytes; what tar counts its checkpoints in
constexpr std::size_t checkpoint_records = 512; // 5 MiB between two signs of life
constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t hash_digits_in_name = 12;
constexpr std::size_t trees_kept = 2; // of one package: changing hooks back and forth stays cheap

Command dpkg_command(const std::filesystem::path &deb, const std::filesystem::path &folder)
{
    Command command;
    command.argv = {"dpkg-deb", "-x", deb.string(), folder.string()};
    return command;
}

Command tar_command(const std::filesystem::path &tarball, const std::filesystem::path &folder)
{
    Command command;
    command.argv = {"tar",
                    "-x",
                    "-f",
                    tarball.string(),
                    "-C",
                    folder.string(),
                    "--strip-components=1",
                    "--no-same-owner",
                    fmt::format("--checkpoint={}", checkpoint_records),
                    "--checkpoint-action=echo=%u"};
    command.environment["LC_ALL"] = "C";
    command.environment["XZ_DEFAULTS"] = "-T0";
    return command;
}

// The size in MiB that the tarball unpacks to; 0 when xz cannot tell.
std::size_t unpacked_size(ProcessRunner &runner, const std::filesystem::path &tarball)
{
    Command command;
    command.argv = {"xz", "--robot", "--list", tarball.string()};
    const auto listed = runner.run(command);
    if (!listed || !listed->ok())
        return 0;
    for (const auto &line : lines_of(listed->output)) {
        const auto fields = split(line, '\t');
        if (fields.size() > 4 && fields[0] == "totals")
            return std::strtoull(fields[4].c_str(), nullptr, 10) / mebibyte;
    }
    return 0;
}

Result<void> unpack_tarball(ProcessRunner &runner, const std::filesystem::path &tarball,
                            const std::filesystem::path &folder)
{
    Progress progress("unpacking " + tarball.filename().string(), unpacked_size(runner, tarball));
    auto command = tar_command(tarball, folder);
    command.on_line = [&progress](const std::string &line) {
        // "tar: 1024": how many records were read
        const auto words = words_of(line);
        if (words.size() == 2 && words[0] == "tar:" && words[1].find_first_not_of("0123456789") == std::string::npos)
            progress.set(std::strtoull(words[1].c_str(), nullptr, 10) * tar_record / mebibyte, "MiB");
    };
    const auto result = runner.run(command);
    if (!result)
        return tl::unexpected(result.error());
    if (tells_of_full_disk(result->errors))
        return full_disk("the file system of " + folder.string());
    if (!result->ok())
        return failure(
            fmt::format("{} is damaged: tar failed with status {}", tarball.filename().string(), result->status));
    progress.finish("done");
    return {};
}

Result<std::filesystem::path> find_tarball(Filesystem &files, const std::filesystem::path &folder,
                                           const std::string &package)
{
    const auto names = files.list(folder / "usr/src").value_or(std::vector<std::string>());
    for (const auto &name : names) {
        if (name.find(".tar") != std::string::npos)
            return folder / "usr/src" / name;
    }
    return failure(fmt::format("the package {} holds no tarball in usr/src", package));
}

// A download that apt had verified may have been damaged on the disk since: once more, then.
Result<void> unpack_package(Filesystem &files, AptArchive &archive, const KernelLine &line,
                            const std::filesystem::path &folder)
{
    for (bool again : {true, false}) {
        const auto deb = archive.download(line.package, line.suites);
        if (!deb)
            return tl::unexpected(deb.error());
        say(fmt::format("extracting {}", deb->filename().string()));
        auto unpacked = archive.unpack(*deb, folder);
        const bool damaged = !unpacked && unpacked.error().code == ExitCode::failure &&
                             unpacked.error().message.find("no space left") == std::string::npos;
        if (!damaged || !again)
            return unpacked;
        say(fmt::format("{} is damaged; downloading it again", deb->string()));
        if (auto removed = files.remove_all(*deb); !removed)
            return removed;
    }
    return {};
}

Result<void> make_tree(ProcessRunner &runner, Filesystem &files, AptArchive &archive, const KernelLine &line,
                       const KernelSource &source, const std::filesystem::path &work)
{
    const auto package = work / "package";
    const auto tree = work / "tree";
    if (auto made = files.make_directories(tree); !made)
        return made;
    if (auto unpacked = unpack_package(files, archive, line, package); !unpacked)
        return unpacked;
    const auto tarball = find_tarball(files, package, line.package);
    if (!tarball)
        return tl::unexpected(tarball.error());
    if (auto unpacked = unpack_tarball(runner, *tarball, tree); !unpacked)
        return unpacked;
    // Whoever changed the package could have put anything in there; better said now than by make.
    if (auto version = kernel_version_of(files, tree, tarball->filename().string()); !version)
        return tl::unexpected(version.error());
    if (auto applied = apply_hooks(runner, files, line.hooks, tree); !applied)
        return applied;
    return files.rename(tree, source.tree);
}

std::filesystem::path use_stamp(const std::filesystem::path &tree)
{
    auto stamp = tree;
    stamp += ".used";
    return stamp;
}

// Remembers that this tree was wanted now, and removes the package's trees that have not been for longest. A tree that
// another krunctl works in is left alone.
void forget_old_trees(Filesystem &files, const KernelSource &source)
{
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    static_cast<void>(files.write(use_stamp(source.tree), fmt::format("{}\n", now)));
    std::vector<std::pair<long long, std::filesystem::path>> others;
    for (const auto &name : files.list(source_cache()).value_or(std::vector<std::string>())) {
        const auto tree = source_cache() / name;
        if (!name.starts_with(source.package + "_") || name.ends_with(".partial") || !files.is_directory(tree) ||
            tree == source.tree)
            continue;
        const auto used = files.read(use_stamp(tree)).value_or(std::string());
        others.emplace_back(std::strtoll(used.c_str(), nullptr, 10), tree);
    }
    std::sort(others.begin(), others.end());
    for (std::size_t at = 0; at + trees_kept <= others.size(); ++at) {
        const auto &tree = others[at].second;
        if (const auto lock = FileLock::try_acquire(tree_lock_file(tree))) {
            static_cast<void>(files.remove_all(tree));
            static_cast<void>(files.remove_all(use_stamp(tree)));
        }
    }
}

} // namespace

std::filesystem::path source_cache() { return cache_directory() / "source"; }

std::filesystem::path tree_lock_file(const std::filesystem::path &tree)
{
    auto lock = tree;
    lock += ".lock";
    return lock;
}

std::filesystem::path tree_folder(const std::string &package, const std::string &version, const std::string &hooks_hash)
{
    return source_cache() / fmt::format("{}_{}-{}", package, version, hooks_hash.substr(0, hash_digits_in_name));
}

Result<KernelSource> locate_kernel_source(ProcessRunner &runner, Filesystem &files, AptArchive &archive,
                                          const KernelLine &line, const std::filesystem::path &data, bool known_only)
{
    KernelSource source;
    source.package = line.package;
    // What is wrong in the clone is told before anything is asked of the network.
    if (const auto series = read_series(files, line.hooks); !series)
        return tl::unexpected(series.error());
    const auto hooks = sha256_of_tree(runner, line.hooks);
    if (!hooks)
        return tl::unexpected(hooks.error());
    const auto overlay = sha256_of_tree(runner, data / "kernel/krun");
    if (!overlay)
        return tl::unexpected(overlay.error());
    const auto version = known_only ? archive.known_version(line.package, line.suites)
                                    : archive.newest_version(line.package, line.suites);
    if (!version)
        return tl::unexpected(version.error());
    source.hooks_hash = *hooks;
    source.overlay_hash = *overlay;
    source.version = version->empty() ? "NEWEST" : *version;
    source.tree = tree_folder(source.package, source.version, source.hooks_hash);
    return source;
}

Result<void> prepare_kernel_source(ProcessRunner &runner, Filesystem &files, AptArchive &archive,
                                   const KernelLine &line, const std::filesystem::path &data,
                                   const KernelSource &source)
{
    if (!files.exists(source.tree)) {
        auto work = source.tree;
        work += ".partial";
        if (auto removed = files.remove_all(work); !removed)
            return removed;
        auto made = make_tree(runner, files, archive, line, source, work);
        static_cast<void>(files.remove_all(work));
        if (!made)
            return made;
    }
    forget_old_trees(files, source);
    for (const auto &[from, to] :
         {std::pair{"kernel/krun", "krun"}, {"kernel/selftests", "tools/testing/selftests/krun"}}) {
        if (!files.exists(data / from))
            continue;
        if (auto mirrored = mirror_folder(files, data / from, source.tree / to); !mirrored)
            return tl::unexpected(mirrored.error());
    }
    return {};
}

Result<std::vector<Command>> preparation_commands(Filesystem &files, const KernelLine &line,
                                                  const std::filesystem::path &data, const KernelSource &source)
{
    const auto patches = read_series(files, line.hooks);
    if (!patches)
        return tl::unexpected(patches.error());
    std::vector<Command> commands;
    Command download;
    download.argv = {"apt-get", "download", source.package + "=" + source.version};
    download.directory = cache_directory() / "apt/packages";
    commands.push_back(download);
    auto work = source.tree;
    work += ".partial";
    commands.push_back(
        dpkg_command(download.directory / fmt::format("{}_{}.deb", source.package, source.version), work / "package"));
    commands.push_back(tar_command(work / "package/usr/src" / (source.package + ".tar.xz"), work / "tree"));
    for (const auto &patch : *patches) {
        commands.push_back(patch_command(work / "tree", patch, true));
        commands.push_back(patch_command(work / "tree", patch, false));
    }
    Command rename;
    rename.argv = {"mv", (work / "tree").string(), source.tree.string()};
    commands.push_back(rename);
    for (const auto &[from, to] :
         {std::pair{"kernel/krun/", "krun/"}, {"kernel/selftests/", "tools/testing/selftests/krun/"}}) {
        Command copy;
        copy.argv = {"rsync", "-rp", "--checksum", "--delete", (data / from).string(), (source.tree / to).string()};
        commands.push_back(copy);
    }
    return commands;
}

} // namespace krun
