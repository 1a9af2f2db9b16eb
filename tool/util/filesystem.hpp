// SPDX-License-Identifier: MIT
// Side effects on files behind a small interface, so that domains can be tested with an in-memory fake.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/descriptor.hpp"
#include "util/file_lock.hpp"
#include "util/result.hpp"

namespace krun
{

class Filesystem
{
  public:
    virtual ~Filesystem() = default;
    virtual bool exists(const std::filesystem::path &path) = 0;
    virtual bool is_directory(const std::filesystem::path &path) = 0;
    // By itself, wherever it leads: also one that leads nowhere.
    virtual bool is_link(const std::filesystem::path &path)
    {
        static_cast<void>(path);
        return false;
    }
    virtual Result<std::string> read(const std::filesystem::path &path) = 0;
    // Nothing if there is no such file. What is there and cannot be read is an Error: who takes it for nothing, because
    // of a bad disk or a link that leads in circles, forgets what was in it.
    virtual Result<std::optional<std::string>> read_if_there(const std::filesystem::path &path)
    {
        if (!exists(path))
            return std::nullopt;
        auto text = TRY(read(path));
        return std::optional(std::move(text));
    }
    // The beginning, for what may have no end.
    virtual Result<std::string> read_at_most(const std::filesystem::path &path, std::size_t size)
    {
        auto text = read(path);
        if (text && text->size() > size)
            text->resize(size);
        return text;
    }
    // Writes to a temporary neighbour and renames: a reader sees the old text or the new, never half. A link stays, and
    // what it names is written. A device, a pipe or /dev/stdout stays what it is, and the text goes into it.
    virtual Result<void> write(const std::filesystem::path &path, const std::string &text) = 0;
    // Could it be written now? For work that ends with a file, before it begins.
    virtual Result<void> check_writable(const std::filesystem::path &path)
    {
        static_cast<void>(path);
        return {};
    }
    // As write(), and it is on the disk when this returns, under its name: for what must survive a power loss. The file
    // has its `mode` from the first moment.
    virtual Result<void> write_durably(const std::filesystem::path &path, const std::string &text, unsigned mode)
    {
        static_cast<void>(mode);
        return write(path, text);
    }
    virtual Result<void> make_directories(const std::filesystem::path &path) = 0;
    // One that nobody else can enter. What is there already must be such a folder of ours, whoever else may write
    // around it. Makes the folders above it, too.
    virtual Result<void> make_private_folder(const std::filesystem::path &path) { return make_directories(path); }
    virtual Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) = 0;
    // Also folders that nobody may write to, as long as they are ours.
    virtual Result<void> remove_all(const std::filesystem::path &path) = 0;
    // A file or a link; a folder is an error. Nothing is wrong with one that does not exist.
    virtual Result<void> remove_file(const std::filesystem::path &path) = 0;
    // Keeps the mode; replaces the target as write() does.
    virtual Result<void> copy_file(const std::filesystem::path &from, const std::filesystem::path &to) = 0;
    // See FileLock::acquire() and try_acquire().
    virtual Result<FileLock> lock(const std::filesystem::path &path, const std::string &what)
    {
        return FileLock::acquire(path, what);
    }
    virtual std::optional<FileLock> try_lock(const std::filesystem::path &path) { return FileLock::try_acquire(path); }
    // Names in the directory, sorted; directories and files alike.
    virtual Result<std::vector<std::string>> list(const std::filesystem::path &directory) = 0;
    // Of a file; 0 if it does not exist.
    virtual std::uintmax_t size_of(const std::filesystem::path &path)
    {
        const auto text = read(path);
        return text ? text->size() : 0;
    }
    // Bytes that can still be written below `path`, which need not exist yet. A huge number if unknown.
    virtual std::uintmax_t free_space(const std::filesystem::path &path)
    {
        static_cast<void>(path);
        return std::numeric_limits<std::uintmax_t>::max();
    }
};

// The first link on the way from `base` to `relative` in it, the end included; empty if there is none.
std::filesystem::path link_on_the_way(Filesystem &files, const std::filesystem::path &base,
                                      const std::filesystem::path &relative);

// "/a/b.lock" of "/a/b" and ".lock".
inline std::filesystem::path with_suffix(std::filesystem::path path, std::string_view suffix) { return path += suffix; }

// Runs `fill` on a new, empty folder, which does not outlive a failure. What appears whole or not at all is made there,
// and gets its own name by a rename at the end of `fill`.
Result<void> in_new_folder(Filesystem &files, const std::filesystem::path &folder,
                           const std::function<Result<void>()> &fill);

// Makes a folder and those above it. Returns an errno, 0 when all are there.
int make_folders(const std::filesystem::path &path);
// From now on make_folders() makes the folder that `which` names, if any, for its owner alone. Returns true.
using PrivateFolder = std::filesystem::path (*)();
bool keep_private(PrivateFolder which);

// All that is left in `source`; the paths are for the Error.
Result<void> copy_data(const OwnedDescriptor &source, const std::filesystem::path &from, const OwnedDescriptor &target,
                       const std::filesystem::path &to);

class SystemFilesystem : public Filesystem
{
  public:
    bool exists(const std::filesystem::path &path) override;
    bool is_directory(const std::filesystem::path &path) override;
    bool is_link(const std::filesystem::path &path) override;
    Result<std::string> read(const std::filesystem::path &path) override;
    Result<std::string> read_at_most(const std::filesystem::path &path, std::size_t size) override;
    Result<std::optional<std::string>> read_if_there(const std::filesystem::path &path) override;
    Result<void> write(const std::filesystem::path &path, const std::string &text) override;
    Result<void> check_writable(const std::filesystem::path &path) override;
    Result<void> write_durably(const std::filesystem::path &path, const std::string &text, unsigned mode) override;
    Result<void> make_directories(const std::filesystem::path &path) override;
    Result<void> make_private_folder(const std::filesystem::path &path) override;
    Result<void> rename(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<void> remove_all(const std::filesystem::path &path) override;
    Result<void> remove_file(const std::filesystem::path &path) override;
    Result<void> copy_file(const std::filesystem::path &from, const std::filesystem::path &to) override;
    Result<std::vector<std::string>> list(const std::filesystem::path &directory) override;
    std::uintmax_t size_of(const std::filesystem::path &path) override;
    std::uintmax_t free_space(const std::filesystem::path &path) override;
};

} // namespace krun
