// SPDX-License-Identifier: MIT

#include "source/tree_cache.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <utility>
#include <vector>

#include "self/krunctl.hpp"
#include "util/dry_run.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

tl::unexpected<Error> is_a_link(const std::filesystem::path &path)
{
    return usage_error(fmt::format("{} is a link, and leads who knows where: nothing is written behind it",
                                   shell_quoted(path.string())),
                       "in a kernel tree there is none in this place: replace it by what it leads to");
}

Result<std::size_t> mirror_file(Filesystem &files, const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (files.is_link(to))
        return is_a_link(to);
    const auto wanted = TRY(files.read(from));
    if (files.exists(to) && files.read(to).value_or(std::string()) == wanted)
        return 0;
    TRY(files.copy_file(from, to));
    return 1;
}

constexpr std::size_t hash_digits_in_name = 12;
constexpr std::size_t trees_kept = 2; // of one kind: changing hooks back and forth stays cheap

constexpr std::array our_folders = {std::pair{"kernel/krun", "krun"},
                                    std::pair{"kernel/selftests", "tools/testing/selftests/krun"}};

std::filesystem::path use_stamp(const std::filesystem::path &tree) { return with_suffix(tree, ".used"); }

} // namespace

Result<void> expect_no_link(Filesystem &files, const std::filesystem::path &tree, const std::filesystem::path &place)
{
    if (const auto link = link_on_the_way(files, tree, place); !link.empty())
        return is_a_link(link);
    return {};
}

Result<std::size_t> mirror_folder(Filesystem &files, const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (files.is_link(to))
        return is_a_link(to);
    const auto names = TRY(files.list(from));
    if (files.exists(to) && !files.is_directory(to))
        TRY(files.remove_all(to));
    TRY(files.make_directories(to));
    std::size_t changed = 0;
    const auto present = TRY(files.list(to));
    for (const auto &name : present) {
        if (std::binary_search(names.begin(), names.end(), name))
            continue;
        TRY(files.remove_all(to / name));
        ++changed;
    }
    for (const auto &name : names)
        changed += TRY(files.is_directory(from / name) ? mirror_folder(files, from / name, to / name)
                                                       : mirror_file(files, from / name, to / name));
    return changed;
}

std::filesystem::path source_cache() { return cache_directory() / "source"; }

std::filesystem::path tree_lock_file(const std::filesystem::path &tree) { return with_suffix(tree, ".lock"); }

std::filesystem::path work_folder(const std::filesystem::path &tree) { return with_suffix(tree, ".partial"); }

std::string short_digest(const std::string &digest) { return digest.substr(0, hash_digits_in_name); }

void forget_old_trees(Filesystem &files, const std::filesystem::path &tree,
                      const std::function<bool(const std::string &)> &is_of_its_kind)
{
    const auto now = std::chrono::system_clock::now().time_since_epoch().count();
    static_cast<void>(files.write(use_stamp(tree), fmt::format("{}\n", now)));
    std::vector<std::pair<long long, std::filesystem::path>> others;
    for (const auto &name : files.list(source_cache()).value_or(std::vector<std::string>())) {
        const auto other = source_cache() / name;
        if (!is_of_its_kind(name) || name.ends_with(".partial") || !files.is_directory(other) || other == tree)
            continue;
        const auto used = files.read(use_stamp(other)).value_or(std::string());
        others.emplace_back(std::strtoll(used.c_str(), nullptr, 10), other);
    }
    std::sort(others.begin(), others.end());
    for (std::size_t at = 0; at + trees_kept <= others.size(); ++at) {
        const auto &other = others[at].second;
        if (const auto lock = files.try_lock(tree_lock_file(other))) {
            static_cast<void>(files.remove_all(other));
            static_cast<void>(files.remove_all(use_stamp(other)));
        }
    }
}

std::filesystem::path stem_of_users_trees(const std::string &name, const std::string &identity)
{
    return source_cache() / fmt::format("{}-{}", name, short_digest(identity));
}

bool is_users_tree(const std::string &name) { return name.find('_') == std::string::npos; }

Result<void> expect_free_space(Filesystem &files, std::uintmax_t needed)
{
    constexpr std::uintmax_t mebibyte = std::uintmax_t{1} << 20;
    const auto free = files.free_space(cache_directory());
    if (free >= needed)
        return {};
    return no_space(fmt::format("no space left on the file system of {}: this build needs {} MiB, {} are free",
                                cache_directory().string(), needed / mebibyte, free / mebibyte),
                    "free some space there, or name a folder on another disk with XDG_CACHE_HOME");
}

Result<void> place_overlay(const Env &env, const std::filesystem::path &data, const std::filesystem::path &tree)
{
    for (const auto &[from, to] : our_folders) {
        if (!env.files.exists(data / from))
            continue;
        TRY(expect_no_link(env.files, tree, to));
        if (env.dry_run())
            env.shown->note(fmt::format("make {} the same as {}", shell_quoted((tree / to).string()),
                                        shell_quoted((data / from).string())));
        else
            TRY(mirror_folder(env.files, data / from, tree / to));
    }
    return {};
}

} // namespace krun
