// SPDX-License-Identifier: MIT
// The folder that one run of a machine keeps its image in, and the place of its console log.
#pragma once

#include <filesystem>

#include "util/filesystem.hpp"
#include "util/result.hpp"

namespace krun
{

class RunFolder
{
  public:
    // Makes <cache>/run/<our process id>, and removes those of krunctls that were killed.
    static Result<RunFolder> make(Filesystem &files);
    RunFolder(RunFolder &&other) noexcept;
    RunFolder &operator=(RunFolder &&) = delete;
    RunFolder(const RunFolder &) = delete;
    RunFolder &operator=(const RunFolder &) = delete;
    ~RunFolder(); // removes it

    [[nodiscard]] const std::filesystem::path &path() const { return path_; }
    // Where the next make() of this process will be.
    static std::filesystem::path next_path();

  private:
    RunFolder(Filesystem &files, std::filesystem::path path) : files_(files), path_(std::move(path)) {}

    Filesystem &files_;
    std::filesystem::path path_;
};

// A new name in <cache>/logs; of the older console logs there only the newest are kept.
Result<std::filesystem::path> new_console_log(Filesystem &files);

} // namespace krun
