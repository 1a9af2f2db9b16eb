// SPDX-License-Identifier: MIT
// The kernel trees in the cache; see tree_cache.hpp.
#include "source/tree_cache.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>

#include "source/overlay.hpp"
#include "util/file_lock.hpp"
#include "util/paths.hpp"

namespace krun
{
namespace
{

constexpr std::size_t hash_digits_in_name = 12;
constexpr std::size_t trees_kept = 2; // of one kind: changing hooks back and forth stays cheap

constexpr std::array our_folders = {std::pair{"kernel/krun", "krun"},
                                    std::pair{"kernel/selftests", "tools/testing/selftests/krun"}};

std::filesystem::path with_suffix(std::filesystem::path path, const char *suffix) { return path += suffix; }

std::filesystem::path use_stamp(const std::filesystem::path &tree) { return with_suffix(tree, ".used"); }

} // namespace

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
        if (const auto lock = FileLock::try_acquire(tree_lock_file(other))) {
            static_cast<void>(files.remove_all(other));
            static_cast<void>(files.remove_all(use_stamp(other)));
        }
    }
}

Result<void> place_overlay(Filesystem &files, const std::filesystem::path &data, const std::filesystem::path &tree)
{
    for (const auto &[from, to] : our_folders) {
        if (!files.exists(data / from))
            continue;
        TRY(expect_no_link(files, tree, to));
        TRY(mirror_folder(files, data / from, tree / to));
    }
    return {};
}

std::vector<Command> overlay_commands(const std::filesystem::path &data, const std::filesystem::path &tree)
{
    std::vector<Command> commands;
    for (const auto &[from, to] : our_folders) {
        Command copy;
        copy.argv = {"rsync", "-rp", "--checksum", "--delete", (data / from / "").string(), (tree / to / "").string()};
        commands.push_back(copy);
    }
    return commands;
}

} // namespace krun
