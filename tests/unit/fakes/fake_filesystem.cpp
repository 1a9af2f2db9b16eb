// SPDX-License-Identifier: MIT
// Files in memory; see fake_filesystem.hpp.
#include "fakes/fake_filesystem.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <iterator>

#include "util/result.hpp"

namespace krun
{
namespace
{

bool is_at_or_below(const std::filesystem::path &path, const std::filesystem::path &folder)
{
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

} // namespace

void FakeFilesystem::add(const std::filesystem::path &path, const std::string &text)
{
    if (is_directory(path) || is_file(path.parent_path()))
        ADD_FAILURE() << "the test adds a file where there can be none: " << path;
    contents[path] = text;
    for (auto folder = path.parent_path(); directories.insert(folder).second; folder = folder.parent_path())
        ;
}

bool FakeFilesystem::exists(const std::filesystem::path &path)
{
    return contents.count(path) > 0 || is_directory(path);
}

bool FakeFilesystem::is_directory(const std::filesystem::path &path) { return directories.count(path) > 0; }

Result<std::string> FakeFilesystem::read(const std::filesystem::path &path)
{
    const auto found = contents.find(path);
    if (found == contents.end())
        return system_failure("read", path, is_directory(path) ? EISDIR : error_of_absent(path));
    return found->second;
}

Result<std::optional<std::string>> FakeFilesystem::read_if_there(const std::filesystem::path &path)
{
    if (is_link(path) && !exists(path))
        return system_failure("read", path, ENOENT);
    return Filesystem::read_if_there(path);
}

Result<void> FakeFilesystem::check_writable(const std::filesystem::path &path)
{
    if (is_directory(path))
        return system_failure("write", path, EISDIR);
    if (!is_directory(path.parent_path()))
        return system_failure("write", path, error_of_absent(path));
    if (unwritable.count(path) > 0)
        return system_failure("write", path, EACCES);
    return {};
}

Result<void> FakeFilesystem::write(const std::filesystem::path &path, const std::string &text)
{
    if (auto writable = check_writable(path); !writable)
        return writable;
    contents[path] = text;
    written.push_back(path);
    return {};
}

Result<void> FakeFilesystem::make_directories(const std::filesystem::path &path)
{
    for (auto folder = path; !is_directory(folder) && folder.has_relative_path(); folder = folder.parent_path()) {
        if (is_file(folder))
            return system_failure("create", path, ENOTDIR);
        if (is_link(folder))
            return system_failure("create", path, EEXIST);
    }
    for (auto folder = path; directories.insert(folder).second; folder = folder.parent_path())
        ;
    return {};
}

Result<void> FakeFilesystem::make_private_folder(const std::filesystem::path &path)
{
    if ((exists(path) || is_link(path)) && private_folders_.count(path) == 0)
        return failure(path.string() + " is not a folder that you alone can enter");
    private_folders_.insert(path);
    return make_directories(path);
}

Result<void> FakeFilesystem::remove_file(const std::filesystem::path &path)
{
    if (is_directory(path) && !is_link(path))
        return system_failure("remove", path, EISDIR);
    return FakeFilesystem::remove_all(path);
}

int FakeFilesystem::error_of_absent(const std::filesystem::path &path) const
{
    auto above = path.parent_path();
    while (above.has_relative_path() && !is_file(above))
        above = above.parent_path();
    return is_file(above) ? ENOTDIR : ENOENT;
}

bool FakeFilesystem::is_empty_directory(const std::filesystem::path &path) const
{
    const auto is_in_it = [&](const std::filesystem::path &other) {
        return other != path && is_at_or_below(other, path);
    };
    return std::none_of(contents.begin(), contents.end(), [&](const auto &entry) { return is_in_it(entry.first); }) &&
           std::none_of(directories.begin(), directories.end(), is_in_it) &&
           std::none_of(links.begin(), links.end(), is_in_it);
}

// As rename(2) has it.
int FakeFilesystem::rename_error(const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (!exists(from) && !is_link(from))
        return error_of_absent(from);
    if (!is_directory(to.parent_path()))
        return error_of_absent(to);
    if (from == to)
        return 0;
    if (is_directory(from) && is_at_or_below(to, from))
        return EINVAL;
    if (is_directory(from) && is_file(to))
        return ENOTDIR;
    if (is_directory(to) && !is_directory(from))
        return EISDIR;
    if (is_directory(to) && !is_empty_directory(to))
        return ENOTEMPTY;
    return 0;
}

Result<void> FakeFilesystem::rename(const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (const int error = rename_error(from, to); error != 0)
        return system_failure("rename to", to, error);
    const auto moved = [&](const std::filesystem::path &path) {
        if (!is_at_or_below(path, from))
            return path;
        return path == from ? to : to / path.lexically_relative(from);
    };
    const auto moved_set = [&](const std::set<std::filesystem::path> &paths) {
        std::set<std::filesystem::path> result;
        std::transform(paths.begin(), paths.end(), std::inserter(result, result.end()), moved);
        return result;
    };
    if (from != to)
        std::erase_if(contents, [&](const auto &entry) { return entry.first == to; });
    std::map<std::filesystem::path, std::string> new_contents;
    for (auto &[path, text] : contents)
        new_contents[moved(path)] = std::move(text);
    contents = std::move(new_contents);
    directories = moved_set(directories);
    links = moved_set(links);
    private_folders_ = moved_set(private_folders_);
    written.push_back(to);
    return {};
}

Result<void> FakeFilesystem::remove_all(const std::filesystem::path &path)
{
    std::erase_if(contents, [&](const auto &entry) { return is_at_or_below(entry.first, path); });
    for (auto *paths : {&directories, &links, &private_folders_})
        std::erase_if(*paths, [&](const auto &entry) { return is_at_or_below(entry, path); });
    return {};
}

Result<void> FakeFilesystem::copy_file(const std::filesystem::path &from, const std::filesystem::path &to)
{
    auto text = read(from);
    if (!text)
        return tl::unexpected(text.error());
    return write(to, *text);
}

Result<std::vector<std::string>> FakeFilesystem::list(const std::filesystem::path &directory)
{
    if (!is_directory(directory))
        return system_failure("list", directory, is_file(directory) ? ENOTDIR : error_of_absent(directory));
    std::set<std::string> names;
    for (const auto &path : links) {
        if (path.parent_path() == directory)
            names.insert(path.filename().string());
    }
    for (const auto &[path, text] : contents) {
        if (path.parent_path() == directory)
            names.insert(path.filename().string());
    }
    for (const auto &path : directories) {
        if (path.parent_path() == directory && path != directory)
            names.insert(path.filename().string());
    }
    return std::vector<std::string>(names.begin(), names.end());
}

std::uintmax_t FakeFilesystem::free_space(const std::filesystem::path &) { return space; }

} // namespace krun
