// SPDX-License-Identifier: MIT
// The simulated Debian is the same in memory and below a folder, and refuses what it does not know.
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "fakes/temporary_folder.hpp"
#include "install/fake_machine.hpp"
#include "simulation/debian.hpp"
#include "simulation/rooted_disk.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

using Argv = std::vector<std::string>;

class SimulationTest : public testing::Test
{
  protected:
    SimulationTest() { simulation::set_up_debian(disk, {"6.1.0-40-amd64", old_kernel}); }
    // The same package for both.
    std::string add_deb(const std::string &name)
    {
        const auto deb = machine.add_deb(name, "1");
        const auto work = folder.path() / "work";
        std::filesystem::remove_all(work);
        simulation::RootedDisk content(work);
        if (const auto release = simulation::release_of(name); !release.empty()) {
            content.write("/lib/modules/" + release + "/kernel/ext4.ko", "module");
            content.write("/boot/vmlinuz-" + release, "kernel");
            content.write("/usr/share/krun/" + release + "/metadata.json", "{}");
        }
        content.write("/DEBIAN/control", machine.contents.at(deb) + "Maintainer: A Test <a@example.org>\n"
                                                                    "Description: a package for tests\n");
        disk.write(deb, "");
        Command build;
        build.argv = {"dpkg-deb", "--root-owner-group", "-b", work.string(), root() / deb.relative_path()};
        EXPECT_TRUE(SystemProcessRunner().run_ok(build));
        return deb.string();
    }
    ProcessResult expect_same(const Argv &argv)
    {
        SCOPED_TRACE(testing::PrintToString(argv));
        Command command;
        command.argv = argv;
        auto in_memory = machine.run(command).value();
        const auto below_folder = simulation::run_simulated(disk, argv).value();
        EXPECT_EQ(in_memory.status, below_folder.status);
        EXPECT_EQ(in_memory.output, below_folder.output);
        EXPECT_EQ(in_memory.errors, below_folder.errors);
        expect_same_files();
        return in_memory;
    }
    void expect_same_files()
    {
        std::map<std::filesystem::path, std::string> below_folder;
        for (const auto &entry : std::filesystem::recursive_directory_iterator(root())) {
            const auto path = "/" / entry.path().lexically_relative(root());
            if (entry.is_regular_file() && path.extension() != ".deb")
                below_folder[path] = disk.read(path).value();
        }
        auto in_memory = machine.contents;
        std::erase_if(in_memory, [](const auto &file) { return file.first.extension() == ".deb"; });
        EXPECT_EQ(in_memory, below_folder);
    }
    [[nodiscard]] std::filesystem::path root() const { return folder.path() / "root"; }

    TemporaryFolder folder;
    FakeMachine machine;
    simulation::RootedDisk disk{root()};
};

TEST_F(SimulationTest, APackageLivesTheSameLifeInMemoryAndBelowAFolder)
{
    const auto image = add_deb(std::string("linux-image-") + krun_kernel);
    const auto header = add_deb("krun-syscall-dev");
    const auto name = std::string("linux-image-") + krun_kernel;
    expect_same_files();
    EXPECT_TRUE(expect_same({"dpkg", "--install", image, header}).ok());
    EXPECT_EQ(expect_same({"dpkg-query", "-W", "-f", "${Status}, ${Version}\\n", name}).output,
              "install ok installed, 1\n");
    EXPECT_TRUE(expect_same({"dpkg-deb", "-f", header, "Package", "Version", "Bugs"}).ok());
    EXPECT_EQ(expect_same({"dpkg", "--audit"}).output, "");
    EXPECT_TRUE(expect_same({"grub-editenv", "/boot/grub/grubenv", "set", "next_entry=1>2"}).ok());
    EXPECT_EQ(expect_same({"grub-editenv", "/boot/grub/grubenv", "list"}).output, "next_entry=1>2\n");
    EXPECT_TRUE(expect_same({"grub-editenv", "/boot/grub/grubenv", "unset", "next_entry"}).ok());
    EXPECT_TRUE(expect_same({"grub-editenv", "/boot/grub/new", "list"}).ok()); // is made
    EXPECT_EQ(expect_same({"grub-probe", "--target=fs", "/boot/grub"}).output, "ext2\n");
    EXPECT_TRUE(expect_same({"update-grub"}).ok());
    EXPECT_TRUE(expect_same({"dpkg", "--purge", name, "krun-syscall-dev"}).ok());
    EXPECT_TRUE(expect_same({"dpkg", "--purge", name}).ok()) << "only a warning";
    EXPECT_FALSE(expect_same({"dpkg-query", "-W", "-f", "${Status}\\n", name}).ok());
    EXPECT_TRUE(machine.exists(std::string("/lib/modules/") + krun_kernel + "/modules.dep")) << "is no package's";
}

TEST_F(SimulationTest, WhatIsNotSimulatedOrCannotBeIsAnError)
{
    for (const Argv &argv : {Argv{"dpkg"},
                             {"dpkg", "--install"},
                             {"dpkg", "--remove", "x"},
                             {"dpkg", "--purge", "--force-all", "x"},
                             {"dpkg", "--install", "/no/such.deb"},
                             {"dpkg", "--install", "/etc/default/grub"},
                             {"dpkg", "--configure", "not-there"},
                             {"dpkg", "--configure", std::string("linux-image-") + old_kernel},
                             {"dpkg", "--audit", "x"},
                             {"dpkg-deb", "-x", "/etc/default/grub"},
                             {"dpkg-query", "-l", "x"},
                             {"dpkg-query", "-W", "-f", "${Maintainer}", std::string("linux-image-") + old_kernel},
                             {"grub-editenv", "/boot/grub/grubenv"},
                             {"grub-editenv", "/boot/grub/grubenv", "create"},
                             {"grub-editenv", "/etc/default/grub", "list"},
                             {"grub-probe", "--target=device", "/boot/grub"},
                             {"grub-probe", "--target=fs", "/home"}})
        EXPECT_FALSE(expect_same(argv).ok()) << testing::PrintToString(argv);
    EXPECT_FALSE(simulation::run_simulated(disk, {"apt-get", "update"}));
}

TEST_F(SimulationTest, AHalfInstalledPackageIsRemovedByForceOnly)
{
    for (const auto *status : {"half-installed", "unpacked"}) {
        machine.set_package("x", {status, "1"});
        simulation::set_package(disk, "x", {status, "1"});
        EXPECT_THAT(expect_same({"dpkg", "--audit"}).output, HasSubstr("half"));
        EXPECT_EQ(expect_same({"dpkg", "--purge", "x"}).ok(), std::string(status) == "unpacked");
        EXPECT_TRUE(expect_same({"dpkg", "--purge", "--force-remove-reinstreq", "x"}).ok());
    }
}

TEST_F(SimulationTest, SettingsAndScriptsAreThoseOfAShell)
{
    for (const auto &[path, text] : {std::pair("/etc/default/grub.d/20.cfg", "GRUB_DEFAULT=\"$(echo 1)>0\"\n"),
                                     std::pair("/etc/grub.d/05_words", "#!/bin/sh\necho \"set words=$((1 + 1))\"\n")}) {
        disk.write(path, text);
        machine.add(path, text);
    }
    EXPECT_TRUE(expect_same({"update-grub"}).ok());
    EXPECT_THAT(machine.contents["/boot/grub/grub.cfg"], testing::Not(HasSubstr("words"))) << "cannot be executed";
    machine.modes["/etc/grub.d/05_words"] = 0755;
    std::filesystem::permissions(root() / "etc/grub.d/05_words", std::filesystem::perms(0755));
    EXPECT_TRUE(expect_same({"update-grub"}).ok());
    EXPECT_THAT(machine.contents["/boot/grub/grub.cfg"], HasSubstr("set default=\"1>0\"\nfi\nset words=2\n"));
    machine.contents["/etc/default/grub.d/20.cfg"] = "GRUB_DEFAULT='\n";
    disk.write("/etc/default/grub.d/20.cfg", "GRUB_DEFAULT='\n");
    EXPECT_FALSE(expect_same({"update-grub"}).ok());
}

} // namespace
} // namespace krun
