// SPDX-License-Identifier: MIT
// See debian.hpp.
#include "simulation/debian.hpp"

#include <functional>
#include <map>

#include "simulation/answers.hpp"
#include "simulation/dpkg.hpp"
#include "simulation/grub.hpp"

namespace krun::simulation
{
namespace
{

using Program = std::function<ProcessResult(Disk &, const std::vector<std::string> &)>;

const std::map<std::string, Program> programs = {
    {"dpkg", dpkg},
    {"dpkg-deb", dpkg_deb},
    {"dpkg-query", dpkg_query},
    {"grub-editenv", grub_editenv},
    {"grub-probe", grub_probe},
    {"update-grub",
     [](Disk &disk, const std::vector<std::string> &) {
         update_grub(disk);
         return ProcessResult{};
     }},
};

} // namespace

void add_kernel(Disk &disk, const std::string &release)
{
    disk.write("/boot/vmlinuz-" + release, "kernel");
    disk.write("/boot/initrd.img-" + release, "initrd");
    disk.write("/lib/modules/" + release + "/kernel/ext4.ko", "module");
    set_package(disk, "linux-image-" + release, {"installed", "1"});
}

void set_up_debian(Disk &disk, const std::vector<std::string> &releases)
{
    disk.write("/etc/default/grub", "GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n");
    disk.write("/etc/default/grub.d/10-local.cfg", "GRUB_TIMEOUT=1\n");
    disk.write("/etc/grub.d/00_header", "");
    disk.write("/usr/sbin/update-grub", "");
    disk.write("/boot/grub/grubenv", "# GRUB Environment Block\n");
    for (const auto &release : releases)
        add_kernel(disk, release);
    update_grub(disk);
}

std::optional<ProcessResult> run_simulated(Disk &disk, const std::vector<std::string> &argv)
{
    const auto program = programs.find(argv.front());
    if (program == programs.end())
        return std::nullopt;
    try {
        return program->second(disk, argv);
    } catch (const BrokenOff &reason) {
        return complains(1, argv.front() + ": " + reason.message);
    }
}

} // namespace krun::simulation
