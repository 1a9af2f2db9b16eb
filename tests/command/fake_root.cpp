// SPDX-License-Identifier: MIT
// See fake_root.hpp.
#include "fake_root.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "simulation/debian.hpp"
#include "simulation/rooted_disk.hpp"

namespace krun
{
FakeRoot::FakeRoot(Sandbox &sandbox) : sandbox_(sandbox), root_(sandbox.root() / "target")
{
    simulation::RootedDisk disk(root_);
    simulation::set_up_debian(disk, {"6.1.0-41-amd64"});
    write_text(root_ / "abstraction", "");
    write_text(root_ / "uid", "0\n");
    run_kernel("6.1.0-41-amd64");
    sandbox_.environment["KRUN_ROOT"] = root_.string();
    make_programs();
}

void FakeRoot::make_programs()
{
    namespace fs = std::filesystem;
    const auto bin = sandbox_.root() / "bin";
    fs::create_directories(bin);
    // A copy, which may be taken into a guest.
    fs::copy_file(KRUN_SIMULATED_DEBIAN, bin / "simulated-debian");
    for (const auto *name : {"dpkg", "dpkg-query", "grub-editenv", "grub-probe", "update-grub"})
        fs::create_symlink("simulated-debian", bin / name);
    const std::map<std::string, std::string> scripts = {
        {"uname", "#!/bin/sh\ncat \"$KRUN_ROOT/running\"\n"},
        {"id", "#!/bin/sh\ncat \"$KRUN_ROOT/uid\"\n"},
        {"sync", "#!/bin/sh\n"},
        {"dkms", "#!/bin/sh\n"},
    };
    for (const auto &[name, text] : scripts) {
        write_text(bin / name, text);
        fs::permissions(bin / name, fs::perms(0755));
    }
    sandbox_.environment["PATH"] = bin.string() + ":" + std::getenv("PATH");
}

std::filesystem::path FakeRoot::path(const std::string &absolute) const
{
    return root_ / std::filesystem::path(absolute).relative_path();
}

std::filesystem::path FakeRoot::make_deb(const std::string &name, bool krun_kernel)
{
    const auto work = sandbox_.root() / "deb";
    std::filesystem::remove_all(work);
    write_text(work / "DEBIAN/control", fmt::format("Package: {}\nVersion: 1-1\nArchitecture: amd64\n"
                                                    "Maintainer: A Test <test@example.org>\nInstalled-Size: 100\n"
                                                    "Description: a package for tests\n",
                                                    name));
    if (const std::string prefix = "linux-image-"; krun_kernel && name.rfind(prefix, 0) == 0) {
        const auto release = name.substr(prefix.size());
        write_text(work / "boot" / ("vmlinuz-" + release), "kernel\n");
        write_text(work / "usr/share/krun" / release / "metadata.json", "{}\n");
    }
    const auto deb = sandbox_.root() / (name + ".deb");
    EXPECT_EQ(sandbox_.run({"dpkg-deb", "--root-owner-group", "-b", work.string(), deb.string()}).status, 0);
    return deb;
}

void FakeRoot::run_kernel(const std::string &release) { write_text(root_ / "running", release + "\n"); }

void FakeRoot::be_user() { write_text(root_ / "uid", "1000\n"); }

std::string FakeRoot::snapshot()
{
    return sandbox_
        .run({"sh", "-c",
              "cd \"$KRUN_ROOT\" && find . -type f ! -path './var/log/*' ! -path './run/*' ! -name uid "
              "! -name running | sort | xargs sha256sum"})
        .output;
}

} // namespace krun
