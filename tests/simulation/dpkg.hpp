// SPDX-License-Identifier: MIT
// dpkg: packages that are unpacked, configured and purged in the steps of the real one, and its database, which is on
// the disk. Kernels bring what Debian's scripts make for them: modules.dep, an initrd, and a new boot menu.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "simulation/disk.hpp"
#include "util/process.hpp"

namespace krun::simulation
{

struct Package {
    std::string status; // the last word of dpkg's three
    std::string version;

    bool operator==(const Package &) const = default;
};

// The database.
std::map<std::string, Package> packages(Disk &disk);
void set_package(Disk &disk, const std::string &name, const Package &package);
void forget_package(Disk &disk, const std::string &name);

// The program of this name; `argv` is the whole command.
ProcessResult dpkg(Disk &disk, const std::vector<std::string> &argv);
ProcessResult dpkg_query(Disk &disk, const std::vector<std::string> &argv);
ProcessResult dpkg_deb(Disk &disk, const std::vector<std::string> &argv); // for a disk whose .debs are no real ones

// "6.12.1" of "linux-image-6.12.1"; "" of another package.
std::string release_of(const std::string &package);

} // namespace krun::simulation
