// SPDX-License-Identifier: MIT
// GRUB, as Debian has it: the menu that update-grub writes, the environment block, and what is booted. Shares no code
// with krunctl, which reads the same files.
#pragma once

#include <string>
#include <vector>

#include "simulation/disk.hpp"
#include "util/process.hpp"

namespace krun::simulation
{

constexpr const char *disk_uuid = "1234-abcd";

// Settings are read by a shell, and scripts in /etc/grub.d run by one.
void update_grub(Disk &disk);

// The program of this name; `argv` is the whole command.
ProcessResult grub_editenv(Disk &disk, const std::vector<std::string> &argv);
ProcessResult grub_probe(Disk &disk, const std::vector<std::string> &argv);

void set_grub_variable(Disk &disk, const std::string &name, const std::string &value);

// What GRUB starts, by the menu and the environment block on the disk.
struct Boot {
    std::string release;      // "" where the kernel's files are not all there
    bool reboots_after_panic; // a one-shot boot whose words say so
};
Boot boot(Disk &disk); // takes the one-shot entry out of the environment block

} // namespace krun::simulation
