// SPDX-License-Identifier: MIT
// A folder of the host that becomes a part of the guest's file tree, and its way into a cpio archive.
//
// The guest has one folder for programs and one for libraries; the other usual names are links to them. A later
// archive of an initramfs that brings a folder of such a name would replace the link, so every path goes through
// guest_path() first.
#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "machine/virtual_machine.hpp"
#include "util/filesystem.hpp"
#include "util/process.hpp"
#include "util/result.hpp"

namespace krun
{

// Where `target` lies in the guest, relative to its root ("/bin/x" -> "usr/bin/x"). Relative paths and places
// that the guest mounts over or owns are usage errors.
Result<std::filesystem::path> guest_path(const std::string &target);

class GuestStaging
{
  public:
    // `folder` is an empty folder that belongs to this object's user.
    GuestStaging(ProcessRunner &runner, Filesystem &files, std::filesystem::path folder);

    // A file (a symbolic link is followed) or a folder with all that is in it. A target that ends in '/' is the
    // folder to put it in. The libraries of dynamically linked programs come along.
    Result<void> copy_in(const GuestFile &what);
    Result<void> write(const std::filesystem::path &relative, const std::string &text);
    Result<void> link(const std::filesystem::path &relative, const std::string &to);
    Result<void> make_folder(const std::filesystem::path &relative, unsigned mode);
    // Everything so far as a gzip-compressed newc archive owned by root; `archive` ends in ".gz".
    Result<void> pack(const std::filesystem::path &archive);

  private:
    Result<void> copy_file(const std::filesystem::path &from, const std::filesystem::path &relative);
    Result<void> copy_folder(const std::filesystem::path &from, const std::filesystem::path &relative);
    Result<void> copy_libraries(const std::filesystem::path &program);

    ProcessRunner &runner_;
    Filesystem &files_;
    std::filesystem::path folder_;
    std::set<std::string> libraries_; // those that are there already
};

} // namespace krun
