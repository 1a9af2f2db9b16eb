// SPDX-License-Identifier: MIT
// A folder of one krunctl's own in a place that many share, and which the others can tell from one that was left
// behind.
#pragma once

#include <filesystem>
#include <string>

#include "util/file_lock.hpp"
#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

class [[nodiscard]] ScratchFolder
{
  public:
    // Makes `<parent>/<name>-XXXXXX`, and removes what killed krunctls have left in `parent`.
    static Result<ScratchFolder> make(Filesystem &files, const std::filesystem::path &parent, const std::string &name);
    // In a folder that everybody uses, such as /var/tmp. Nothing is removed.
    static Result<ScratchFolder> make_in_public(Filesystem &files, const std::filesystem::path &parent,
                                                const std::string &name);
    // What killed krunctls have left there: folders of this user and this name, a minute old or older.
    static void remove_abandoned_in_public(Filesystem &files, const std::filesystem::path &parent,
                                           const std::string &name);
    // Of a dry run, which makes none, but shows its name.
    static ScratchFolder shown(Filesystem &files, const std::filesystem::path &parent, const std::string &name);
    ScratchFolder(ScratchFolder &&) = default;
    ~ScratchFolder(); // removes it

    [[nodiscard]] const std::filesystem::path &path() const { return path_; }

  private:
    ScratchFolder(Filesystem &files, std::filesystem::path path, FileLock owner)
        : files_(files), path_(std::move(path)), owner_(std::move(owner))
    {
    }

    Filesystem &files_;
    std::filesystem::path path_;
    FileLock owner_;
};

} // namespace krun
