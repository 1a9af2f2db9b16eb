// SPDX-License-Identifier: MIT
// A folder of the host that becomes a part of the guest's file tree, and its way into a cpio archive.
//
// The guest has one folder for programs and one for libraries; the other usual names are links to them. A later
// archive of an initramfs that brings a folder of such a name would replace the link, so every path goes through
// guest_path() first.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "machine/virtual_machine.hpp"
#include "util/env.hpp"

namespace krun
{

// The place of `target` in the guest, relative to its root ("/bin/x" -> "usr/bin/x"). Relative paths and places
// that the guest mounts over or owns are usage errors.
Result<std::filesystem::path> guest_path(const std::string &target);

class GuestStaging
{
  public:
    // `folder` is an empty folder that belongs to this object's user.
    GuestStaging(const Env &env, std::filesystem::path folder);

    // A file (a symbolic link is followed; a pipe is read to its end) or a folder with all that is in it. A target that
    // ends in '/' is the folder to put it in. In a folder, a link that leads out of it becomes what it leads to, and
    // one that stays inside, or leads nowhere, stays a link.
    Result<void> copy_in(const GuestFile &what);
    // What the programs and libraries so far need and the guest does not have. `library_path`: see LibrarySearch.
    Result<void> add_libraries(const std::vector<std::string> &library_path = {});
    // How much the guest can hold. What is more is counted, and not copied.
    void limit(std::uintmax_t bytes) { limit_ = bytes; }
    // What all files take in the guest's memory.
    [[nodiscard]] std::uintmax_t bytes() const { return bytes_; }
    Result<void> write(const std::filesystem::path &relative, const std::string &text);
    Result<void> link(const std::filesystem::path &relative, const std::string &to);
    Result<void> make_folder(const std::filesystem::path &relative, unsigned mode);
    // The other usual names of the folders for programs and libraries.
    Result<void> link_other_names();
    // Everything so far as a gzip-compressed newc archive owned by root; `archive` ends in ".gz".
    Result<void> pack(const std::filesystem::path &archive);

  private:
    // The folders that are being copied, by their real names: the one that was asked for, or that a link led to, and
    // those below it on the way to here.
    struct Way {
        std::filesystem::path root;
        std::vector<std::filesystem::path> open;
    };
    Result<void> copy_file(const std::filesystem::path &from, const std::filesystem::path &relative);
    Result<void> copy_pipe(const std::filesystem::path &from, const std::filesystem::path &relative);
    Result<void> copy_folder(const std::filesystem::path &from, const std::filesystem::path &relative, const Way &way);
    Result<void> copy_link(const std::filesystem::path &from, const std::filesystem::path &relative, const Way &way);
    Result<void> make_way(const std::filesystem::path &relative);
    bool fits(std::uintmax_t size);

    Env env_;
    std::filesystem::path folder_;
    std::filesystem::path real_;                                      // the same, without links in its name
    std::map<std::filesystem::path, std::filesystem::path> programs_; // and libraries: in the guest, and where from
    std::uintmax_t limit_ = std::numeric_limits<std::uintmax_t>::max();
    std::uintmax_t bytes_ = 0;
};

} // namespace krun
