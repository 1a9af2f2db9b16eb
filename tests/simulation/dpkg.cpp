// SPDX-License-Identifier: MIT
// See dpkg.hpp.
#include "simulation/dpkg.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "simulation/answers.hpp"
#include "simulation/grub.hpp"
#include "util/text.hpp"

namespace krun::simulation
{
namespace
{

constexpr const char *status_file = "/var/lib/dpkg/status";

std::filesystem::path list_file(const std::string &package) { return "/var/lib/dpkg/info/" + package + ".list"; }

std::string field(const std::string &control, const std::string &name)
{
    for (const auto &line : lines_of(control)) {
        if (line.starts_with(name + ": "))
            return line.substr(name.size() + 2);
    }
    return {};
}

// With what is wanted, and whether it is in order.
std::string full_status(const Package &package)
{
    return (package.status == "config-files" ? "deinstall ok " : "install ok ") + package.status;
}

void write_packages(Disk &disk, const std::map<std::string, Package> &all)
{
    std::string text;
    for (const auto &[name, package] : all)
        text += fmt::format("Package: {}\nStatus: {}\nVersion: {}\n\n", name, full_status(package), package.version);
    disk.write(status_file, text);
}

void set_status(Disk &disk, const std::string &name, const std::string &status, const std::string &step = {})
{
    disk.effect((step.empty() ? status : step) + " " + name);
    auto all = packages(disk);
    all.at(name).status = status;
    write_packages(disk, all);
}

// Folders go with the last file in them.
void remove_packaged(Disk &disk, const std::filesystem::path &file)
{
    disk.effect("remove " + file.string());
    disk.erase(file);
    for (auto folder = file.parent_path(); folder.has_relative_path() && disk.list(folder).empty();
         folder = folder.parent_path())
        disk.erase(folder);
}

void unpack(Disk &disk, const Archive &archive)
{
    const auto name = field(archive.control, "Package");
    disk.effect("half-installed " + name);
    set_package(disk, name, {"half-installed", field(archive.control, "Version")});
    std::string list;
    for (const auto &[path, text] : archive.files)
        list += path.string() + "\n";
    disk.write(list_file(name), list);
    for (const auto &[path, text] : archive.files) {
        disk.effect("unpack " + path.string());
        disk.write(path, text);
    }
    set_status(disk, name, "unpacked");
}

// What linux-image's script does, and the scripts that it runs.
void configure_kernel(Disk &disk, const std::string &release)
{
    const auto initrd = "/boot/initrd.img-" + release;
    disk.effect("depmod");
    disk.write("/lib/modules/" + release + "/modules.dep", "made by depmod");
    disk.effect("begin an initrd");
    disk.write(initrd + ".new", "half an initrd");
    disk.effect("finish an initrd");
    disk.erase(initrd + ".new");
    disk.write(initrd, "initrd");
    update_grub(disk);
}

ProcessResult configure(Disk &disk, const std::string &name)
{
    const auto all = packages(disk);
    const auto found = all.find(name);
    if (found == all.end() || (found->second.status != "unpacked" && found->second.status != "half-configured"))
        return complains(1, fmt::format("dpkg: error processing package {}: it is not there to be configured", name));
    set_status(disk, name, "half-configured");
    if (const auto release = release_of(name); !release.empty())
        configure_kernel(disk, release);
    set_status(disk, name, "installed");
    return {};
}

ProcessResult install(Disk &disk, const std::vector<std::string> &debs)
{
    std::vector<Archive> archives;
    for (const auto &deb : debs) {
        auto archive = disk.open_deb(deb);
        if (!archive)
            return complains(1, fmt::format("dpkg: error: cannot access archive '{}'", deb));
        archives.push_back(std::move(*archive));
    }
    for (const auto &archive : archives)
        unpack(disk, archive);
    for (const auto &archive : archives) {
        if (auto done = configure(disk, field(archive.control, "Package")); !done.ok())
            return done;
    }
    return {};
}

ProcessResult purge(Disk &disk, const std::string &name, bool forced)
{
    const auto all = packages(disk);
    const auto found = all.find(name);
    if (found == all.end()) // not an error
        return complains(0, fmt::format("dpkg: warning: ignoring request to remove {}", name));
    if (found->second.status == "half-installed" && !forced)
        return complains(1, fmt::format("dpkg: error processing package {}: package is in a very bad inconsistent "
                                        "state; you should reinstall it before attempting a removal",
                                        name));
    set_status(disk, name, "half-configured", "purge");
    for (const auto &file : lines_of(disk.read(list_file(name)).value_or("")))
        remove_packaged(disk, file);
    if (const auto release = release_of(name); !release.empty()) { // modules.dep stays: it is no package's
        disk.effect("remove the initrd");
        disk.erase("/boot/initrd.img-" + release);
        update_grub(disk);
    }
    set_status(disk, name, "config-files");
    disk.effect("forget " + name);
    disk.erase(list_file(name));
    forget_package(disk, name);
    return {};
}

ProcessResult audit(Disk &disk)
{
    const auto all = packages(disk);
    const bool broken = std::any_of(all.begin(), all.end(), [](const auto &entry) {
        return entry.second.status != "installed" && entry.second.status != "config-files";
    });
    return says(broken ? "The following packages are only half configured\n" : "");
}

} // namespace

std::map<std::string, Package> packages(Disk &disk)
{
    std::map<std::string, Package> all;
    std::string name;
    for (const auto &line : lines_of(disk.read(status_file).value_or(""))) {
        const auto words = words_of(line);
        if (words.size() < 2)
            continue;
        if (words[0] == "Package:")
            name = words[1];
        else if (words[0] == "Status:")
            all[name].status = words.back();
        else if (words[0] == "Version:")
            all[name].version = words[1];
    }
    return all;
}

void set_package(Disk &disk, const std::string &name, const Package &package)
{
    auto all = packages(disk);
    all[name] = package;
    write_packages(disk, all);
}

void forget_package(Disk &disk, const std::string &name)
{
    auto all = packages(disk);
    all.erase(name);
    write_packages(disk, all);
}

ProcessResult dpkg(Disk &disk, const std::vector<std::string> &argv)
{
    const std::string action = argv.size() > 1 ? argv[1] : "";
    std::vector<std::string> names(argv.begin() + std::min<std::ptrdiff_t>(2, std::ssize(argv)), argv.end());
    const bool forced = std::erase(names, "--force-remove-reinstreq") > 0;
    const bool is_about_packages = action == "--install" || action == "--configure" || action == "--purge";
    if (std::any_of(names.begin(), names.end(), [](const auto &name) { return name.starts_with("-"); }))
        return complains(2, "dpkg: error: unknown option");
    if (is_about_packages == names.empty())
        return complains(2, "dpkg: error: " + action + " and these arguments do not fit");
    if (action == "--print-architecture")
        return says("amd64\n");
    if (action == "--audit")
        return audit(disk);
    if (action == "--install")
        return install(disk, names);
    if (!is_about_packages)
        return complains(2, "dpkg: error: unknown option " + action);
    for (const auto &name : names) {
        if (auto done = action == "--purge" ? purge(disk, name, forced) : configure(disk, name); !done.ok())
            return done;
    }
    return {};
}

ProcessResult dpkg_query(Disk &disk, const std::vector<std::string> &argv)
{
    if (argv.size() != 5 || argv[1] != "-W" || argv[2] != "-f")
        return complains(2, "dpkg-query: error: this query is not simulated");
    const auto all = packages(disk);
    const auto found = all.find(argv[4]);
    if (found == all.end())
        return complains(1, "dpkg-query: no packages found matching " + argv[4]);
    auto text = argv[3];
    const std::vector<std::pair<std::string, std::string>> values = {
        {"${db:Status-Status}", found->second.status},
        {"${Status}", full_status(found->second)},
        {"${Version}", found->second.version},
        {"\\n", "\n"},
    };
    for (const auto &[name, value] : values) {
        for (auto at = text.find(name); at != std::string::npos; at = text.find(name))
            text.replace(at, name.size(), value);
    }
    if (text.find("${") != std::string::npos)
        return complains(2, "dpkg-query: error: this field is not simulated");
    return says(text);
}

ProcessResult dpkg_deb(Disk &disk, const std::vector<std::string> &argv)
{
    const auto archive = argv.size() > 2 ? disk.open_deb(argv[2]) : std::nullopt;
    if (!archive)
        return complains(2, "dpkg-deb: error: not a Debian format archive");
    std::string text;
    if (argv[1] == "-f") {
        for (auto name = argv.begin() + 3; name != argv.end(); ++name) {
            if (const auto value = field(archive->control, *name); !value.empty())
                text += fmt::format("{}: {}\n", *name, value);
        }
        return says(text);
    }
    if (argv[1] != "-c")
        return complains(2, "dpkg-deb: error: unknown option " + argv[1]);
    for (const auto &[path, content] : archive->files)
        text += fmt::format("-rw-r--r-- root/root 9000000 2026-01-01 00:00 .{}\n", path.string());
    return says(text);
}

std::string release_of(const std::string &package)
{
    const std::string prefix = "linux-image-";
    return package.starts_with(prefix) ? package.substr(prefix.size()) : std::string();
}

} // namespace krun::simulation
