// SPDX-License-Identifier: MIT
// Installing, promoting and removing when all goes well, on machines that are set up differently.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "install/boot_default.hpp"
#include "install/krunctl_on_fake.hpp"
#include "util/dry_run.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

class InstallerTest : public testing::Test
{
  protected:
    void install_kernel(const std::string &release, bool with_header = false)
    {
        std::vector<std::filesystem::path> debs = {machine.add_deb("linux-image-" + release, "1")};
        if (with_header)
            debs.push_back(machine.add_deb("krun-syscall-dev", "2.0"));
        const auto result = install(machine, debs);
        ASSERT_TRUE(result) << result.error().message;
    }
    void promote_kernel(const std::string &release, bool with_header = false)
    {
        install_kernel(release, with_header);
        machine.boot();
        ASSERT_TRUE(promote(machine));
    }
    void forget_debs()
    {
        std::erase_if(machine.contents, [](const auto &file) { return file.first.extension() == ".deb"; });
    }
    FakeMachine machine;
};

TEST_F(InstallerTest, AKernelOnTrialBootsOnce)
{
    install_kernel(krun_kernel);
    EXPECT_EQ(state_of(machine).find(krun_kernel)->state, KernelState::trial);
    EXPECT_EQ(machine.boot(), krun_kernel);
    EXPECT_EQ(machine.boot(), old_kernel);
}

TEST_F(InstallerTest, ATrialThatPanicsComesBackByItself)
{
    machine.panicking = {krun_kernel};
    install_kernel(krun_kernel);
    EXPECT_EQ(machine.boot(), old_kernel);
}

TEST_F(InstallerTest, APromotedKernelBootsAlways)
{
    promote_kernel(krun_kernel);
    EXPECT_EQ(machine.boot(), krun_kernel);
    EXPECT_EQ(machine.boot(), krun_kernel);
}

TEST_F(InstallerTest, TheScriptIsExecutableAndTheDropInIsNot)
{
    install_kernel(krun_kernel);
    EXPECT_EQ(machine.modes["/etc/grub.d/01_krunctl"], 0755u);
    EXPECT_EQ(machine.modes["/etc/default/grub.d/zz-krunctl.cfg"], 0644u);
    EXPECT_EQ(machine.contents["/etc/apt/apt.conf.d/zz-krunctl"], apt_drop_in_text(old_kernel));
}

TEST_F(InstallerTest, TheDefaultIsPinnedAndVerifiedBeforeDpkgRuns)
{
    install_kernel(krun_kernel);
    std::vector<std::string> changing;
    for (const auto &program : machine.programs) {
        for (const auto *word : {"update-grub", "sync", "dpkg --install", " set "}) {
            if (program.find(word) != std::string::npos)
                changing.emplace_back(word);
        }
    }
    // At first, the copies of the packages.
    EXPECT_THAT(changing, ElementsAre("sync", "update-grub", "sync", "dpkg --install", " set ", "sync", "sync"));
}

TEST_F(InstallerTest, OnlyTheLastPanicWordOnTheCommandLineIsOurs)
{
    EXPECT_EQ(drop_in_text("a>b"),
              "# Written by krunctl: the kernel that boots by default. `krunctl uninstall` removes this file.\n"
              "GRUB_DEFAULT='a>b'\n"
              "# Set by GRUB in a one-shot boot, see /etc/grub.d/01_krunctl; the last panic= on the line counts.\n"
              "GRUB_CMDLINE_LINUX_DEFAULT=\"${GRUB_CMDLINE_LINUX_DEFAULT} \\$krun_trial\"\n");
}

TEST_F(InstallerTest, TheUsersOwnSavedEntryIsKeptAsItIs)
{
    machine.contents["/etc/default/grub"] = "GRUB_DEFAULT=saved\n";
    machine.set_grub_variable("saved_entry", "gnulinux-advanced-1234-abcd>gnulinux-6.1.0-40-amd64-advanced-1234-abcd");
    machine.update_grub();
    const auto before = machine.snapshot();
    install_kernel(krun_kernel);
    EXPECT_EQ(machine.boot(), krun_kernel);
    EXPECT_EQ(machine.boot(), "6.1.0-40-amd64") << "which was the default";
    ASSERT_TRUE(uninstall(machine, krun_kernel));
    forget_debs();
    EXPECT_EQ(machine.snapshot(), before);
    EXPECT_EQ(machine.boot(), "6.1.0-40-amd64");
}

TEST_F(InstallerTest, ADamagedEnvironmentBlockDoesNotKeepAKernelFromBeingRemoved)
{
    install_kernel(krun_kernel);
    machine.contents["/boot/grub/grubenv"].clear();
    EXPECT_EQ(machine.boot(), old_kernel);
    const auto removed = uninstall(machine, krun_kernel);
    ASSERT_TRUE(removed) << removed.error().message;
    EXPECT_EQ(machine.boot(), old_kernel);
}

TEST_F(InstallerTest, TheHeaderThatCameAlongGoesWithTheLastKernel)
{
    const auto before = machine.snapshot();
    promote_kernel(krun_kernel, true);
    promote_kernel(newer_krun);
    ASSERT_TRUE(uninstall(machine, krun_kernel));
    EXPECT_EQ(machine.packages()["krun-syscall-dev"].status, "installed");
    EXPECT_EQ(machine.boot(), newer_krun);
    EXPECT_EQ(*uninstall(machine, newer_krun), Removal::pending_reboot);
    EXPECT_EQ(machine.boot(), old_kernel);
    EXPECT_EQ(*uninstall(machine, newer_krun), Removal::done);
    forget_debs();
    EXPECT_EQ(machine.snapshot(), before);
}

TEST_F(InstallerTest, AHeaderThatWasThereBeforeStays)
{
    machine.set_package("krun-syscall-dev", {"installed", "1.9"});
    install_kernel(krun_kernel, true);
    ASSERT_TRUE(uninstall(machine, krun_kernel));
    EXPECT_EQ(machine.packages()["krun-syscall-dev"].status, "installed");
}

TEST_F(InstallerTest, TheDefaultFallsBackToTheKernelPromotedBefore)
{
    promote_kernel(krun_kernel);
    promote_kernel(newer_krun);
    EXPECT_EQ(*uninstall(machine, newer_krun), Removal::pending_reboot);
    EXPECT_EQ(machine.boot(), krun_kernel);
    EXPECT_EQ(*uninstall(machine, newer_krun), Removal::done);
    EXPECT_EQ(machine.boot(), krun_kernel);
    EXPECT_EQ(state_of(machine).kernels.size(), 1u);
}

TEST_F(InstallerTest, RemovingTheOlderOfTwoLeavesTheDefaultAlone)
{
    promote_kernel(krun_kernel);
    promote_kernel(newer_krun);
    EXPECT_EQ(*uninstall(machine, krun_kernel), Removal::done);
    EXPECT_EQ(machine.boot(), newer_krun);
}

TEST_F(InstallerTest, ADryRunChangesNothingAndTellsTheStepsInOrder)
{
    const auto debs = {machine.add_deb(std::string("linux-image-") + krun_kernel, "1")};
    const auto before = machine.snapshot();
    DryRun dry(Env{machine, machine}, true);
    const Target target{dry.env(), {}, old_kernel, true, "/var/log/krunctl/log"};
    InstallState state;
    Installer installer(target, state);
    ASSERT_TRUE(installer.begin_install(read_kernel_packages(target, debs).value(), old_kernel));
    ASSERT_TRUE(installer.go_on_installing());
    EXPECT_EQ(machine.snapshot(), before);
    EXPECT_EQ(machine.effects, 0u);
    auto lines = dry.lines();
    std::erase_if(lines, [](const std::string &line) { return line.starts_with("#   |"); });
    EXPECT_THAT(lines, ElementsAre("# write /var/lib/krunctl/state.json (install of 6.12.117.krun.abcdef begun)",
                                   "mkdir -p /etc/apt/apt.conf.d", "# write /etc/apt/apt.conf.d/zz-krunctl (mode 644):",
                                   "# write /etc/grub.d/01_krunctl (mode 755):",
                                   "# write /etc/default/grub.d/zz-krunctl.cfg (mode 644):", "update-grub", "sync",
                                   "DEBIAN_FRONTEND=noninteractive dpkg --install "
                                   "/home/user/linux-image-6.12.117.krun.abcdef_1_amd64.deb",
                                   "cp /boot/grub/grubenv /boot/grub/grubenv.krunctl",
                                   "grub-editenv /boot/grub/grubenv.krunctl set 'next_entry="
                                   "gnulinux-advanced-1234-abcd>gnulinux-6.12.117.krun.abcdef-advanced-1234-abcd'",
                                   "sync", "mv /boot/grub/grubenv.krunctl /boot/grub/grubenv", "sync",
                                   "# write /var/lib/krunctl/state.json"));
}

} // namespace
} // namespace krun
