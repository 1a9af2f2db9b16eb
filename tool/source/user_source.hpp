// SPDX-License-Identifier: MIT
// From what `--source` names to a patched tree in the cache.
//
// Theory: which hooks fit depends on the version, and a tarball's version is known only once it is unpacked. So
// fetching leaves an unpatched tree in a work folder, and applying patches that one and gives it its name.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/kernel_line.hpp"
#include "source/kernel_source.hpp"
#include "source/kernel_tree.hpp"
#include "source/source_origin.hpp"
#include "util/env.hpp"
#include "util/file_lock.hpp"

namespace krun
{

// A folder that is removed with its owner.
class WorkFolder
{
  public:
    WorkFolder(Filesystem &files, std::filesystem::path path) : files_(files), path_(std::move(path)) {}
    WorkFolder(const WorkFolder &) = delete;
    WorkFolder &operator=(const WorkFolder &) = delete;
    ~WorkFolder() { static_cast<void>(files_.remove_all(path_)); }
    [[nodiscard]] const std::filesystem::path &path() const { return path_; }

  private:
    Filesystem &files_;
    std::filesystem::path path_;
};

struct UserSource {
    SourceOrigin origin;
    std::string identity;    // commit, or SHA-256
    bool verified = false;   // a tarball, by its signature
    std::string series;      // "7.4"
    KernelLine line;         // whose configuration it gets
    std::string hook_series; // which hooks are preferred: those for this series
    KernelSource source;     // package is empty
    // Holds the lock of the source, and its tree if that is not in the cache yet.
    std::optional<FileLock> lock;
    std::unique_ptr<WorkFolder> work;
};

// The requested line, or else all lines.
using Lines = std::vector<KernelLine>;

// Everything except changing the tree. `expect_space` is called before something large is written.
Result<UserSource> fetch_user_source(const Env &env, const SourceOrigin &origin, const Lines &lines,
                                     const std::filesystem::path &data,
                                     const std::function<Result<void>()> &expect_space);
// Hooks and overlay. `before_apply` is called when changing the tree begins.
Result<void> apply_to_user_source(const Env &env, UserSource &source, const std::filesystem::path &data,
                                  const std::function<void()> &before_apply);

// For --dry-run: what is known without a download or a write. The series of a tarball is guessed from its name.
Result<UserSource> foresee_user_source(const Env &env, const SourceOrigin &origin, const Lines &lines,
                                       const std::filesystem::path &data);
// What fetching and applying would run.
Result<std::vector<Command>> user_source_commands(const Env &env, const UserSource &source,
                                                  const std::filesystem::path &data);

} // namespace krun
