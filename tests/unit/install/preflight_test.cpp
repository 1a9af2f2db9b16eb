// SPDX-License-Identifier: MIT
// Each check before an installation, on a machine that has what it looks for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "install/krunctl_on_fake.hpp"
#include "install/preflight.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class PreflightTest : public testing::Test
{
  protected:
    PreflightTest()
    {
        debs = {machine.add_deb(std::string("linux-image-") + krun_kernel, "6.12.117-1")};
        packages = read_kernel_packages(Env{machine, machine}, debs).value();
    }
    std::vector<CheckResult> all()
    {
        auto target = machine.target();
        target.is_root = root;
        return preflight({target, packages, state});
    }
    CheckResult check(const std::string &id)
    {
        for (const auto &result : all()) {
            if (result.id == id)
                return result;
        }
        ADD_FAILURE() << "no check " << id;
        return {};
    }
    void expect_failure(const std::string &id, const std::string &detail, ExitCode code = ExitCode::answer_is_no)
    {
        const auto result = check(id);
        EXPECT_EQ(result.status, CheckStatus::fail) << id;
        EXPECT_THAT(result.detail, HasSubstr(detail));
        EXPECT_NE(result.remedy, "") << id;
        EXPECT_EQ(preflight_code(all()), code);
    }
    FakeMachine machine;
    std::vector<std::filesystem::path> debs;
    KernelPackages packages;
    InstallState state;
    bool root = true;
};

TEST_F(PreflightTest, AnOrdinaryDebianPassesAllAndNothingIsChanged)
{
    for (const auto &result : all())
        EXPECT_EQ(result.status, CheckStatus::pass) << result.id << ": " << result.detail;
    EXPECT_EQ(preflight_code(all()), ExitCode::done);
    EXPECT_EQ(machine.effects, 0u);
}

TEST_F(PreflightTest, WithoutRootIsStatusThreeAndWhatNeedsRootIsSkipped)
{
    root = false;
    expect_failure("root", "not root", ExitCode::host_lacks);
    EXPECT_EQ(check("one-shot").status, CheckStatus::skip);
}

TEST_F(PreflightTest, AMachineWithoutGrubIsStatusThree)
{
    machine.contents.erase("/boot/grub/grub.cfg");
    expect_failure("grub", "there is no /boot/grub/grub.cfg", ExitCode::host_lacks);
}

TEST_F(PreflightTest, SystemdBootIsRecognizedEvenWhenGrubIsThereToo)
{
    std::string variable(4, '\0');
    for (const char c : std::string("systemd-boot 252"))
        variable += std::string{c, '\0'};
    machine.add("/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f", variable);
    expect_failure("grub", "systemd-boot", ExitCode::host_lacks);
}

TEST_F(PreflightTest, ABootFolderThatGrubCannotWriteToIsStatusThree)
{
    for (const auto *abstraction : {"lvm", "diskfilter mdraid1x", "cryptodisk luks2"}) {
        machine.disk_abstraction = abstraction;
        expect_failure("one-shot", abstraction, ExitCode::host_lacks);
    }
    machine.disk_abstraction.clear();
    for (const auto *filesystem : {"btrfs", "zfs", "squash4", ""}) {
        machine.disk_filesystem = filesystem;
        expect_failure("one-shot", filesystem, ExitCode::host_lacks);
    }
    for (const auto *filesystem : {"ext2", "fat", "xfs"}) {
        machine.disk_filesystem = filesystem;
        EXPECT_EQ(check("one-shot").status, CheckStatus::pass);
    }
}

TEST_F(PreflightTest, AnEntryThatSomebodyElseHasChosenForTheNextBootIsRespected)
{
    machine.set_grub_variable("next_entry", "osprober-efi-1");
    expect_failure("pending-entry", "osprober-efi-1 is chosen");
    machine.set_grub_variable("next_entry", ""); // as GRUB leaves it behind
    EXPECT_EQ(check("pending-entry").status, CheckStatus::pass);
}

TEST_F(PreflightTest, ADamagedEnvironmentBlockIsMendedFirst)
{
    machine.contents["/boot/grub/grubenv"].clear(); // as a power loss leaves it
    expect_failure("pending-entry", "cannot be read");
}

TEST_F(PreflightTest, ADropInThatIsReadAfterOursMustNotSetTheDefault)
{
    machine.add("/etc/default/grub.d/zzz.cfg", "GRUB_TIMEOUT=3\n");
    machine.add("/etc/default/grub.d/zzz.cfg.bak", "GRUB_DEFAULT=0\n");
    machine.add("/etc/default/grub.d/50-before.cfg", "GRUB_DEFAULT=0\n");
    EXPECT_EQ(check("default-settings").status, CheckStatus::pass);
    machine.add("/etc/default/grub.d/zzz.cfg", "  export GRUB_DEFAULT=2\n");
    expect_failure("default-settings", "/etc/default/grub.d/zzz.cfg sets GRUB_DEFAULT");
}

TEST_F(PreflightTest, ADefaultThatIsNoEntryIsAWarning)
{
    machine.contents["/etc/default/grub"] = "GRUB_DEFAULT='Gone with the wind'\n";
    machine.update_grub();
    EXPECT_EQ(check("default-settings").status, CheckStatus::warn);
    EXPECT_EQ(preflight_code(all()), ExitCode::done);
}

TEST_F(PreflightTest, AKernelMustBeThereToComeBackTo)
{
    for (const auto *release : {"6.1.0-40-amd64", old_kernel})
        machine.contents.erase(std::string("/boot/initrd.img-") + release);
    expect_failure("fallback-kernel", "neither the default nor the running kernel");
}

TEST_F(PreflightTest, ADefaultOtherThanTheRunningKernelIsKeptWithAWarning)
{
    machine.running = "6.1.0-40-amd64";
    EXPECT_EQ(check("fallback-kernel").status, CheckStatus::warn);
    auto target = machine.target();
    EXPECT_EQ(kernel_to_keep(target, state), old_kernel);
}

TEST_F(PreflightTest, WhereTheDefaultCannotBootTheRunningKernelIsKept)
{
    machine.running = "6.1.0-40-amd64";
    machine.contents.erase(std::string("/boot/initrd.img-") + old_kernel);
    auto target = machine.target();
    EXPECT_EQ(kernel_to_keep(target, state), "6.1.0-40-amd64");
}

TEST_F(PreflightTest, SecureBootRefusesAnUnsignedKernel)
{
    const std::string variable = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
    machine.add(variable, std::string("\6\0\0\0\1", 5));
    expect_failure("secure-boot", "not signed");
    machine.add(variable, std::string("\6\0\0\0\0", 5));
    EXPECT_EQ(check("secure-boot").status, CheckStatus::pass);
    machine.add(variable, "");
    EXPECT_EQ(check("secure-boot").status, CheckStatus::warn);
}

TEST_F(PreflightTest, APackageForAnotherArchitectureIsRefused)
{
    packages.kernel.front().architecture = "arm64";
    expect_failure("architecture", "is for arm64, this machine is amd64");
}

TEST_F(PreflightTest, AKernelThatIsThereAlreadyIsNotTouched)
{
    machine.set_package(std::string("linux-image-") + krun_kernel, {"config-files", "1"});
    expect_failure("new-release", "not by krunctl");
    machine.forget_package(std::string("linux-image-") + krun_kernel);
    machine.add(std::string("/boot/vmlinuz-") + krun_kernel, "by hand");
    expect_failure("new-release", "belongs to no package");
    machine.contents.erase(std::string("/boot/vmlinuz-") + krun_kernel);
    ASSERT_TRUE(install(machine, debs));
    state = state_of(machine);
    expect_failure("new-release", "6.12.117.krun.abcdef is installed");
}

TEST_F(PreflightTest, ABrokenDpkgIsMendedFirst)
{
    machine.set_package("libc6", {"half-configured", "2.36"});
    expect_failure("dpkg", "half installed");
}

TEST_F(PreflightTest, TooLittleSpaceIsFoundBeforeDpkgFindsIt)
{
    class SmallDisks : public FakeMachine
    {
      public:
        std::uintmax_t boot_space = 0;
        std::uintmax_t free_space(const std::filesystem::path &path) override
        {
            return path == "/boot" ? boot_space : space;
        }
    };
    SmallDisks small;
    constexpr std::uintmax_t mib = 1 << 20;
    const auto status = [&](std::uintmax_t in_boot, std::uintmax_t elsewhere) {
        small.boot_space = in_boot;
        small.space = elsewhere;
        auto target = small.target();
        for (const auto &result : preflight({target, packages, state})) {
            if (result.id == "space")
                return result.status;
        }
        return CheckStatus::skip;
    };
    EXPECT_EQ(status(10 * mib, 1000 * mib), CheckStatus::fail);
    EXPECT_EQ(status(20 * mib, 1000 * mib), CheckStatus::pass);
    EXPECT_EQ(status(20 * mib, 80 * mib), CheckStatus::fail);
    EXPECT_EQ(status(90 * mib, 90 * mib), CheckStatus::fail) << "both from the same file system";
    EXPECT_EQ(status(120 * mib, 120 * mib), CheckStatus::pass);
}

TEST_F(PreflightTest, ModulesOfOthersAreNamedWithoutRefusing)
{
    machine.dkms = "zfs/2.1.11, 6.1.0-41-amd64, x86_64: installed\n";
    machine.add(std::string("/lib/modules/") + old_kernel + "/updates/dkms/nvidia.ko.xz", "");
    machine.add("/proc/modules", "ext4 100 1 - Live 0x0\nvboxdrv 100 1 - Live 0x0 (OE)\nkvm 1 1 - Live 0x0 (E)\n");
    const auto result = check("other-modules");
    EXPECT_EQ(result.status, CheckStatus::warn);
    EXPECT_THAT(result.detail, HasSubstr("does not have nvidia, vboxdrv, zfs unless"));
    EXPECT_EQ(preflight_code(all()), ExitCode::done);
}

TEST_F(PreflightTest, OurOwnModuleIsNotMissed)
{
    machine.dkms = "krun/2.3, 6.1.0-41-amd64, x86_64: installed\n";
    machine.add(std::string("/lib/modules/") + old_kernel + "/updates/dkms/krun.ko", "");
    machine.add("/proc/modules", "krun 100 0 - Live 0x0 (OE)\n");
    EXPECT_EQ(check("other-modules").status, CheckStatus::pass);
}

TEST_F(PreflightTest, TheReportNamesEveryCheckOrOnlyTheBadOnes)
{
    machine.set_package("libc6", {"half-configured", "2.36"});
    EXPECT_THAT(preflight_report(all(), false),
                testing::StartsWith("fail  dpkg is in order: packages are half installed\n      -> sudo dpkg"));
    EXPECT_THAT(preflight_report(all(), true), HasSubstr("pass  Secure Boot lets the kernel start: none\n"));
    EXPECT_EQ(checks_as_json(all()).size(), 12u);
    EXPECT_EQ(checks_as_json(all())[0]["status"], "pass");
}

} // namespace
} // namespace krun
