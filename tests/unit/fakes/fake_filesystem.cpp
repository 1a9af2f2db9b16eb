// SPDX-License-Identifier: MIT
// Files in memory; see fake_filesystem.hpp.
#include "fakes/fake_filesystem.hpp"

#include <algorithm>

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
        return failure("cannot read " + path.string());
    return found->second;
}

Result<void> FakeFilesystem::write(const std::filesystem::path &path, const std::string &text)
{
    if (unwritable.count(path) > 0 || !is_directory(path.parent_path()))
        return failure("cannot write " + path.string());
    contents[path] = text;
    written.push_back(path);
    return {};
}

Result<void> FakeFilesystem::make_directories(const std::filesystem::path &path)
{
    for (auto folder = path; directories.insert(folder).second; folder = folder.parent_path())
        ;
    return {};
}

Result<void> FakeFilesystem::remove_file(const std::filesystem::path &path)
{
    if (is_directory(path))
        return failure("cannot remove " + path.string());
    return remove_all(path);
}

Result<void> FakeFilesystem::rename(const std::filesystem::path &from, const std::filesystem::path &to)
{
    if (!exists(from))
        return failure("cannot rename to " + to.string());
    const auto moved = [&](const std::filesystem::path &path) {
        return path == from ? to : to / path.lexically_relative(from);
    };
    std::map<std::filesystem::path, std::string> new_contents;
    for (auto &[path, text] : contents)
        new_contents[is_at_or_below(path, from) ? moved(path) : path] = std::move(text);
    std::set<std::filesystem::path> new_directories;
    for (const auto &path : directories)
        new_directories.insert(is_at_or_below(path, from) ? moved(path) : path);
    contents = std::move(new_contents);
    directories = std::move(new_directories);
    written.push_back(to);
    return {};
}

Result<void> FakeFilesystem::remove_all(const std::filesystem::path &path)
{
    std::erase_if(contents, [&](const auto &entry) { return is_at_or_below(entry.first, path); });
    std::erase_if(directories, [&](const auto &entry) { return is_at_or_below(entry, path); });
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
        return failure("cannot list " + directory.string());
    std::set<std::string> names;
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
