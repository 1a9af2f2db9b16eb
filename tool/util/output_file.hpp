// SPDX-License-Identifier: MIT
// A file that appears whole or not at all.
#pragma once

#include <filesystem>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "util/descriptor.hpp"

namespace krun
{

// What is written to a path goes through links to the file that they name. Not everything is a file that a rename may
// replace: a device or a pipe is one for all, and /dev/stdout is a link to a file that is open already.
struct WritePlace {
    std::filesystem::path path;
    bool in_place = false;
};
WritePlace place_for(std::filesystem::path path);

// A temporary file beside the target, which takes its place when all is well and is removed otherwise; or the target
// itself where it must stay what it is.
class OutputFile
{
  public:
    OutputFile(const std::filesystem::path &target, mode_t mode);
    OutputFile(const OutputFile &) = delete;
    OutputFile &operator=(const OutputFile &) = delete;
    ~OutputFile();

    [[nodiscard]] const OwnedDescriptor &descriptor() const { return descriptor_; }
    [[nodiscard]] bool in_place() const { return place_.in_place; }
    // Not the umask's, but exactly this.
    bool set_mode(mode_t mode) { return place_.in_place || fchmod(descriptor_.get(), mode) == 0; }
    // On the disk, with its name, which is its folder's content.
    bool sync() { return place_.in_place || fsync(descriptor_.get()) == 0; }
    bool finish(); // it takes its place
    [[nodiscard]] std::filesystem::path folder() const
    {
        return place_.path.has_parent_path() ? place_.path.parent_path() : std::filesystem::path(".");
    }

  private:
    WritePlace place_;
    std::filesystem::path temporary_;
    OwnedDescriptor descriptor_;
    bool finished_ = false;
};

} // namespace krun
