// SPDX-License-Identifier: MIT
// Files in memory. What the real file system refuses, this one does, too.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "util/filesystem.hpp"

namespace krun
{

class FakeFilesystem : public Filesystem
{
  public:
    // What a test sets up and looks at. Writing a file makes the folders above it.
    std::map<std::filesystem::path, std::string> contents;
    std::set<std::filesystem::path> directories{"/"};
    std::vector<std::filesystem::path> written; // in order, copies and renames too
    std::set<std::filesystem::path> unwritable; // write() and copy_file() to these fail
    std::uintmax_t space = std::numeric_limits<std::uintmax_t>::max();

    std::set<std::filesystem::path> links; // where they lead nobody knows, unless `contents` or `directories` say so

    void add(const std::filesystem::path &path, const std::string &text);

    bool exists(const std::filesystem::path &path) override;
    bool is_link(const std::filesystem::path &path) override { return links.count(path) > 0; }
    bool is_directory(const std::filesystem::path &path) override;
    Result<std::string> read(const std::filesystem::path &path) override;
    Result<std::optional<std::string>> read_if_there(const std::filesystem::path &path) override;
    Result<void> write(const std::filesystem::path &path, const std::string &text) override;
    Result<void> check_writable(const std::filesystem::path &path) override;
    Result<void> make_directories(const std::filesystem::path &path) override;
    Result<void> make_private_folder(const std::filesystem::path &path) override;
    Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> remove_all(const std::filesystem::path &path) override;
    Result<void> remove_file(const std::filesystem::path &path) override;
    Result<void> copy_file(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<std::vector<std::string>> list(const std::filesystem::path &directory) override;
    std::uintmax_t free_space(const std::filesystem::path &path) override;

  private:
    [[nodiscard]] bool is_file(const std::filesystem::path &path) const { return contents.count(path) > 0; }
    // Why nothing can be at the path, or a new one made there.
    [[nodiscard]] int error_of_absent(const std::filesystem::path &path) const;
    [[nodiscard]] bool is_empty_directory(const std::filesystem::path &path) const;
    [[nodiscard]] int rename_error(const std::filesystem::path &from, const std::filesystem::path &to);

    std::set<std::filesystem::path> private_folders_;
};

} // namespace krun
