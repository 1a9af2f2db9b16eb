// SPDX-License-Identifier: MIT
// From `--source` to a patched tree; see user_source.hpp.
#include "source/user_source.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <utility>

#include "hooks/apply_hooks.hpp"
#include "hooks/known_hooks.hpp"
#include "source/download.hpp"
#include "source/signature.hpp"
#include "source/tarball.hpp"
#include "source/tree_cache.hpp"
#include "source/user_tree.hpp"
#include "util/digest.hpp"
#include "util/progress.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// What the names of this source's trees begin with; the rest identifies the hooks.
std::filesystem::path stem_of(const UserSource &source)
{
    return source_cache() / fmt::format("{}-{}", source.origin.name, short_digest(source.identity));
}

// Only the trees of Debian's packages have this character in their names.
bool is_user_tree(const std::string &name) { return name.find('_') == std::string::npos; }

// Which tarball, with its whole digest, was found good with which keyring.
std::filesystem::path verified_stamp(const UserSource &source)
{
    auto stamp = stem_of(source);
    stamp += ".verified";
    return stamp;
}

// Version, line and place of the tree.
Result<void> complete(const Env &env, UserSource &source, const KernelVersion &version, const Lines &lines,
                      const std::filesystem::path &data)
{
    source.line = nearest_line(lines, version);
    auto hashed = TRY(hash_own_files(env, source.line, data));
    source.source = std::move(hashed);
    source.source.version = version.text();
    source.series = version.series();
    source.hook_series = lines.size() == 1 ? source.line.name : source.series;
    source.source.tree = stem_of(source);
    source.source.tree += "-" + short_digest(source.source.hooks_hash);
    return {};
}

// The version of a folder is in its Makefile; that of a tarball, in any tree unpacked from it before.
std::optional<KernelVersion> known_version(Filesystem &files, const UserSource &source)
{
    if (!source.origin.is_tarball()) {
        const auto version = kernel_version_of(files, source.origin.path, source.origin.text);
        return version ? std::optional(*version) : std::nullopt;
    }
    const auto stem = stem_of(source).filename().string() + "-";
    for (const auto &name : files.list(source_cache()).value_or(std::vector<std::string>())) {
        if (!name.starts_with(stem) || name.ends_with(".partial") || !files.is_directory(source_cache() / name))
            continue;
        if (const auto version = kernel_version_of(files, source_cache() / name, name))
            return *version;
    }
    return std::nullopt;
}

Result<void> download_origin(const Env &env, const SourceOrigin &origin)
{
    // The small file first: without it the large one is of no use.
    if (!origin.keyring.empty()) {
        const auto signature = signature_names(origin.path).front();
        TRY(download(env, origin.signature_url, "the signature of " + origin.text, signature));
    }
    return download(env, origin.url, origin.text, origin.path);
}

Result<std::filesystem::path> find_signature(Filesystem &files, const SourceOrigin &origin)
{
    const auto names = signature_names(origin.path);
    for (const auto &name : names) {
        if (files.exists(name))
            return name;
    }
    return failure(fmt::format("{} has no signature: there is no {}", origin.text, names.front().string()),
                   "fetch it from where the tarball is from, or build with --unverified");
}

// "<digest of the tarball> <digest of the keyring>"
Result<std::string> trust_of(ProcessRunner &runner, const UserSource &source)
{
    const auto keyring = TRY(sha256_of_text(runner, source.origin.keyring_data));
    return fmt::format("{} {}\n", source.identity, keyring);
}

// Decompressed once: the bytes that are verified are those that are unpacked.
Result<void> unpack_verified(const Env &env, UserSource &source, const std::filesystem::path &work)
{
    const auto &origin = source.origin;
    const auto tar = TRY(decompress(env, origin.path, work));
    if (origin.keyring.empty()) {
        say(fmt::format("note: {} is UNVERIFIED: nobody vouches for what is in it", origin.text));
    } else {
        const auto signature = TRY(find_signature(env.files, origin));
        const auto keyring = work / "keyring.gpg";
        TRY(env.files.write(keyring, origin.keyring_data));
        const SignedNames names = {origin.text, origin.keyring.string()};
        TRY(check_signature(env.runner, keyring, signature, tar, names));
        source.verified = true;
        say(fmt::format("the signature of {} is good", origin.text));
    }
    return unpack_tarball(env.runner, tar, work / "tree");
}

// A damaged download must not be used again.
Result<void> unpack_origin(const Env &env, UserSource &source, const std::filesystem::path &work)
{
    TRY(env.files.make_directories(work / "tree"));
    if (!source.origin.is_tarball())
        return copy_user_tree(env.runner, source.origin, source.identity, work);
    auto unpacked = unpack_verified(env, source, work);
    if (!unpacked && source.origin.kind == OriginKind::url && unpacked.error().kind == ErrorKind::damaged)
        static_cast<void>(env.files.remove_all(source.origin.path.parent_path()));
    return unpacked;
}

Result<void> identify(ProcessRunner &runner, UserSource &source)
{
    auto identity = TRY(source.origin.is_tarball() ? sha256_of_file(runner, source.origin.path)
                                                   : identity_of_user_tree(runner, source.origin));
    source.identity = std::move(identity);
    return {};
}

// Into the work folder.
Result<KernelVersion> fetch_tree(const Env &env, UserSource &source)
{
    const auto folder = work_folder(stem_of(source));
    TRY(env.files.remove_all(folder));
    source.work = std::make_unique<WorkFolder>(env.files, folder);
    TRY(unpack_origin(env, source, folder));
    auto version = kernel_version_of(env.files, folder / "tree", source.origin.text);
    if (!version)
        return version;
    TRY(expect_usable(env.files, folder / "tree", source.origin.text));
    return version;
}

// "linux-7.4-rc3": 7.4
std::optional<KernelVersion> version_in_name(const std::string &name)
{
    KernelVersion version;
    const auto digit = name.find_first_of("0123456789");
    if (digit == std::string::npos || std::sscanf(name.c_str() + digit, "%u.%u", &version.major, &version.minor) != 2)
        return std::nullopt;
    return version;
}

} // namespace

Result<UserSource> fetch_user_source(const Env &env, const SourceOrigin &origin, const Lines &lines,
                                     const std::filesystem::path &data,
                                     const std::function<Result<void>()> &expect_space)
{
    UserSource source;
    source.origin = origin;
    if (!origin.is_tarball()) {
        TRY(check_user_tree(env, origin));
    }
    if (origin.kind == OriginKind::url) {
        const auto lock = TRY(FileLock::acquire(tree_lock_file(origin.path.parent_path()), "the download"));
        TRY(download_origin(env, origin));
    }
    TRY(identify(env.runner, source));
    auto lock = TRY(FileLock::acquire(tree_lock_file(stem_of(source)), "the source " + origin.text));
    source.lock = std::move(lock);

    std::string trust;
    if (!origin.keyring.empty()) {
        auto wanted = TRY(trust_of(env.runner, source));
        trust = std::move(wanted);
        source.verified = env.files.read(verified_stamp(source)).value_or(std::string()) == trust;
    }
    if (const auto version = known_version(env.files, source)) {
        TRY(complete(env, source, *version, lines, data));
        if (env.files.exists(source.source.tree) && source.verified == !origin.keyring.empty())
            return source;
    }
    TRY(expect_space());
    source.verified = false;
    const auto version = TRY(fetch_tree(env, source));
    if (source.verified) {
        TRY(env.files.write(verified_stamp(source), trust));
    }
    TRY(complete(env, source, version, lines, data));
    return source;
}

Result<void> apply_to_user_source(const Env &env, UserSource &source, const std::filesystem::path &data,
                                  const std::function<void()> &before_apply)
{
    if (before_apply)
        before_apply();
    const auto &tree = source.source.tree;
    const auto &origin = source.origin;
    if (!env.files.exists(tree)) {
        // Another krunctl may have removed the tree since it was found.
        if (!source.work) {
            TRY(fetch_tree(env, source));
        }
        const auto work = source.work->path() / "tree";
        HookedSource hooked{origin.text, {}};
        if (!origin.is_tarball())
            hooked.folder = origin.path;
        TRY(fit_and_apply(env, data, work, source.hook_series, hooked));
        TRY(env.files.rename(work, tree));
    }
    source.work.reset();
    forget_old_trees(env.files, tree, is_user_tree);
    return place_overlay(env.files, data, tree);
}

Result<UserSource> foresee_user_source(const Env &env, const SourceOrigin &origin, const Lines &lines,
                                       const std::filesystem::path &data)
{
    UserSource source;
    source.origin = origin;
    if (!origin.is_tarball()) {
        TRY(check_user_tree(env, origin));
    }
    if (origin.kind == OriginKind::url && !env.files.exists(origin.path)) {
        source.identity = "DIGEST";
    } else if (auto identified = identify(env.runner, source); !identified) {
        return tl::unexpected(identified.error());
    }
    auto version = known_version(env.files, source);
    if (!version)
        version = version_in_name(origin.name);
    if (version) {
        TRY(complete(env, source, *version, lines, data));
        return source;
    }
    say(fmt::format("note: the version of {} is known only after unpacking; the hooks shown are those for {}",
                    origin.text, lines.back().name));
    TRY(complete(env, source, {}, {lines.back()}, data));
    source.series = "SERIES";
    return source;
}

Result<std::vector<Command>> user_source_commands(const Env &env, const UserSource &source,
                                                  const std::filesystem::path &data)
{
    const auto known = TRY(load_hooks(env.files, data));
    auto hooks = foreseen_hooks(known, source.hook_series);
    if (!source.origin.is_tarball()) {
        auto fitted = TRY(fit_hooks(env, known, source.origin.path, source.hook_series));
        hooks = std::move(fitted);
        TRY(expect_required(hooks, {source.origin.text, source.origin.path}));
    }
    const auto &origin = source.origin;
    const auto work = work_folder(stem_of(source));
    std::vector<Command> commands;
    const auto add = [&commands](const std::vector<std::string> &argv) {
        Command command;
        command.argv = argv;
        commands.push_back(command);
    };
    const auto add_all = [&commands](const std::vector<Command> &more) {
        commands.insert(commands.end(), more.begin(), more.end());
    };
    const auto signature = signature_names(origin.path).front();
    if (origin.kind == OriginKind::url && !env.files.exists(origin.path)) {
        if (!origin.keyring.empty())
            commands.push_back(download_command(origin.signature_url, signature));
        commands.push_back(download_command(origin.url, origin.path));
    }
    add({"mkdir", "-p", (work / "tree").string()});
    if (origin.is_tarball()) {
        const auto file = origin.path.filename().string();
        const auto tar = work / tar_name(file);
        add({"cp", origin.path.string(), (work / file).string()});
        add_all(decompress_commands(work, file));
        if (!origin.keyring.empty())
            commands.push_back(
                signature_command(origin.keyring, find_signature(env.files, origin).value_or(signature), tar));
        commands.push_back(tar_command(tar, work / "tree"));
    } else {
        add_all(copy_commands(origin, source.identity, work));
    }
    add_all(hook_commands(hooks, work / "tree"));
    add({"mv", (work / "tree").string(), source.source.tree.string()});
    add_all(overlay_commands(data, source.source.tree));
    return commands;
}

} // namespace krun
