// SPDX-License-Identifier: MIT
// From a kernel line to a patched tree in the cache; see kernel_source.hpp.
//
// Theory: a tree's folder is named after all that goes into it but the overlay, and comes into being by one rename of
// a finished tree. So a folder that exists is right, and hooks that changed lead to another folder.
#include "source/kernel_source.hpp"

#include <fmt/format.h>
#include <utility>

#include "hooks/apply_hooks.hpp"
#include "hooks/known_hooks.hpp"
#include "source/kernel_tree.hpp"
#include "source/tarball.hpp"
#include "util/digest.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{
namespace
{

Command dpkg_command(const std::filesystem::path &deb, const std::filesystem::path &folder)
{
    Command command;
    command.argv = {"dpkg-deb", "-x", deb.string(), folder.string()};
    return command;
}

Result<std::filesystem::path> find_tarball(Filesystem &files, const std::filesystem::path &folder,
                                           const std::string &package)
{
    const auto names = files.list(folder / "usr/src").value_or(std::vector<std::string>());
    for (const auto &name : names) {
        if (name.find(".tar") != std::string::npos)
            return folder / "usr/src" / name;
    }
    return failure(fmt::format("the package {} contains no tarball in usr/src", package));
}

// A download that apt had verified may have been damaged on the disk since: once more, then.
Result<void> unpack_package(Filesystem &files, AptArchive &archive, const KernelLine &line,
                            const std::filesystem::path &folder)
{
    for (bool again : {true, false}) {
        const auto deb = TRY(archive.download(line.package, line.suites));
        say(fmt::format("extracting {}", deb.filename().string()));
        auto unpacked = archive.unpack({deb}, folder);
        if (unpacked || unpacked.error().kind != ErrorKind::damaged || !again)
            return unpacked;
        say(fmt::format("{} is damaged; downloading it again", deb.string()));
        TRY(files.remove_all(deb));
    }
    return {};
}

// Package and tarball, to work/tree.
Result<void> unpack_tree(const Env &env, AptArchive &archive, const KernelLine &line, const std::filesystem::path &work)
{
    const auto package = work / "package";
    const auto tree = work / "tree";
    TRY(env.files.make_directories(tree));
    TRY(unpack_package(env.files, archive, line, package));
    const auto tarball = TRY(find_tarball(env.files, package, line.package));
    TRY(unpack_tarball(env.runner, tarball, tree));
    // A changed package could contain anything; better reported now than by make.
    TRY(kernel_version_of(env.files, tree, tarball.filename().string()));
    return {};
}

} // namespace

std::filesystem::path tree_folder(const std::string &package, const std::string &version, const std::string &hooks_hash)
{
    return source_cache() / fmt::format("{}_{}-{}", package, version, short_digest(hooks_hash));
}

Result<KernelSource> hash_own_files(const Env &env, const KernelLine &line, const std::filesystem::path &data)
{
    // Report mistakes in the clone before using the network.
    const auto known = TRY(load_hooks(env.files, data));
    // Of every line: a tree gets those that fit it best. And a line prefers its own.
    std::string text = line.name;
    for (const auto &hook : known) {
        for (const auto &variant : hook.variants)
            text += fmt::format("\n{} {} {}", hook.name, variant.series, env.files.read(variant.file).value_or(""));
    }
    auto hooks = TRY(sha256_of_text(env.runner, text + env.files.read(data / "kernel/hooks/hooks.toml").value_or("")));
    auto overlay = TRY(sha256_of_tree(env.runner, data / "kernel/krun"));
    KernelSource source;
    source.hooks_hash = std::move(hooks);
    source.overlay_hash = std::move(overlay);
    return source;
}

Result<KernelSource> locate_kernel_source(const Env &env, AptArchive &archive, const KernelLine &line,
                                          const std::filesystem::path &data, bool known_only)
{
    TRY(expect_package(line));
    auto source = hash_own_files(env, line, data);
    if (!source)
        return source;
    const auto version = TRY(known_only ? archive.known_version(line.package, line.suites)
                                        : archive.newest_version(line.package, line.suites));
    source->package = line.package;
    source->version = version.empty() ? "NEWEST" : version;
    if (!known_only) {
        auto checksum = TRY(archive.checksum(line.package, version, line.suites));
        source->checksum = std::move(checksum);
    }
    source->tree = tree_folder(source->package, source->version, source->hooks_hash);
    return source;
}

Result<void> prepare_kernel_source(const Env &env, AptArchive &archive, const KernelLine &line,
                                   const std::filesystem::path &data, const KernelSource &source,
                                   const std::function<void()> &before_apply)
{
    const bool is_new = !env.files.exists(source.tree);
    const auto work = work_folder(source.tree);
    if (is_new) {
        TRY(env.files.remove_all(work));
        if (auto unpacked = unpack_tree(env, archive, line, work); !unpacked) {
            static_cast<void>(env.files.remove_all(work));
            return unpacked;
        }
    }
    if (before_apply)
        before_apply();
    if (is_new) {
        auto applied = fit_and_apply(env, data, work / "tree", line.name,
                                     {fmt::format("{} {}", source.package, source.version), {}});
        if (applied)
            applied = env.files.rename(work / "tree", source.tree);
        static_cast<void>(env.files.remove_all(work));
        if (!applied)
            return applied;
    }
    forget_old_trees(env.files, source.tree,
                     [&source](const std::string &name) { return name.starts_with(source.package + "_"); });
    return place_overlay(env.files, data, source.tree);
}

Result<std::vector<Command>> preparation_commands(Filesystem &files, const KernelLine &line,
                                                  const std::filesystem::path &data, const KernelSource &source)
{
    const auto hooks = TRY(load_hooks(files, data));
    std::vector<Command> commands;
    Command download;
    download.argv = {"apt-get", "download", source.package + "=" + source.version};
    download.directory = cache_directory() / "apt/packages";
    commands.push_back(download);
    const auto work = work_folder(source.tree);
    commands.push_back(
        dpkg_command(download.directory / fmt::format("{}_{}.deb", source.package, source.version), work / "package"));
    commands.push_back(tar_command(work / "package/usr/src" / (source.package + ".tar.xz"), work / "tree"));
    for (auto &command : hook_commands(foreseen_hooks(hooks, line.name), work / "tree"))
        commands.push_back(std::move(command));
    Command rename;
    rename.argv = {"mv", (work / "tree").string(), source.tree.string()};
    commands.push_back(rename);
    for (auto &command : overlay_commands(data, source.tree))
        commands.push_back(std::move(command));
    return commands;
}

} // namespace krun
