// SPDX-License-Identifier: MIT
// Something goes wrong in the middle, or the user presses Ctrl-C: krunctl takes the installation back by itself, and
// where it cannot, says so and leaves a machine that boots the old kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_process_runner.hpp"
#include "install/krunctl_on_fake.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

class InstallerFailureTest : public testing::Test
{
  protected:
    InstallerFailureTest()
        : debs{machine.add_deb(std::string("linux-image-") + krun_kernel, "6.12.117-1"),
               machine.add_deb("krun-syscall-dev", "2.0")},
          before(machine.snapshot())
    {
    }
    FakeMachine machine;
    std::vector<std::filesystem::path> debs;
    // Side effects of copying the packages: for each of the two, the copy and its name.
    static constexpr unsigned kept = 4;
    std::string before;
};

TEST_F(InstallerFailureTest, AnyStepThatFailsOnceIsTakenBackCompletely)
{
    unsigned failures = 0;
    for (;; ++failures) {
        SCOPED_TRACE("failure of side effect " + std::to_string(failures));
        auto copy = machine;
        copy.fails_at = failures;
        const auto result = install(copy, debs);
        if (result)
            break;
        EXPECT_EQ(result.error().code, ExitCode::failure);
        EXPECT_EQ(copy.snapshot(), before);
        EXPECT_EQ(copy.boot(), old_kernel);
        ASSERT_FALSE(HasFailure());
    }
    EXPECT_GT(failures, 15u);
}

TEST_F(InstallerFailureTest, WhenTakingItBackFailsTooTheOldKernelBootsAndUndoWorksOnceItIsMended)
{
    for (unsigned at = 0;; ++at) {
        SCOPED_TRACE("everything fails from side effect " + std::to_string(at));
        auto copy = machine;
        copy.fails_at = at;
        copy.fails_for_good = true;
        const auto result = install(copy, debs);
        if (result)
            break;
        EXPECT_EQ(result.error().code, ExitCode::failure);
        if (!state_of(copy).empty()) {
            EXPECT_THAT(result.error().message, HasSubstr("rolling it back also failed"));
            EXPECT_THAT(result.error().hint, HasSubstr("krunctl uninstall"));
        }
        auto rebooted = copy;
        rebooted.panicking = {krun_kernel};
        EXPECT_EQ(rebooted.boot(), old_kernel);
        copy.fails_at.reset();
        EXPECT_TRUE(undo(copy));
        EXPECT_EQ(copy.snapshot(), before);
        ASSERT_FALSE(HasFailure());
    }
}

TEST_F(InstallerFailureTest, WhatRemainsIsNamed)
{
    // dpkg breaks off, and everything after it as well.
    machine.fails_at = kept + 5;
    machine.fails_for_good = true;
    const auto result = install(machine, debs);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("/etc/default/grub.d/zz-krunctl.cfg"));
    EXPECT_EQ(result.error().log, "/var/log/krunctl/log");
}

TEST_F(InstallerFailureTest, CtrlCBetweenTwoStepsTakesEverythingBack)
{
    for (unsigned steps = 0; steps < 4; ++steps) {
        auto copy = machine;
        unsigned asked = 0;
        const auto result = install(copy, debs, [&] { return asked++ >= steps; });
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ExitCode::interrupted);
        EXPECT_EQ(copy.snapshot(), before);
    }
}

TEST_F(InstallerFailureTest, ADebThatIsGoneWhenContinuingIsAnErrorThatNamesIt)
{
    machine.power_fails_after = machine.effects + kept + 6; // dpkg has just begun to unpack
    EXPECT_THROW(static_cast<void>(install(machine, debs)), PowerLoss);
    machine.power_fails_after.reset();
    const auto copy = state_of(machine).operation->debs.front();
    EXPECT_EQ(copy.parent_path(), "/var/lib/krunctl/packages");
    auto changed = machine;
    machine.contents.erase(copy);
    const auto gone = go_on(machine);
    ASSERT_FALSE(gone);
    EXPECT_THAT(gone.error().message, HasSubstr(copy.string() + " is no longer there"));
    EXPECT_THAT(gone.error().hint, HasSubstr("--undo"));
    changed.contents[copy] += "Depends: something-else\n";
    const auto refused = go_on(changed);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("is not the package that was checked"));
    EXPECT_TRUE(undo(changed));
    EXPECT_EQ(changed.snapshot(), before);
}

// Whoever may write where the user's package is, may do so at any time.
TEST_F(InstallerFailureTest, ThePackageIsTheOneThatWasCheckedWhateverHappensToTheUsersFile)
{
    machine.power_fails_after = machine.effects + kept + 6;
    EXPECT_THROW(static_cast<void>(install(machine, debs)), PowerLoss);
    machine.power_fails_after.reset();
    machine.contents[debs.front()] = "Package: linux-image-6.66.0.krun.evil\nVersion: 1\n";
    const auto result = go_on(machine);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(machine.packages()["linux-image-6.12.117.krun.abcdef"].status, "installed");
    EXPECT_EQ(machine.packages().count("linux-image-6.66.0.krun.evil"), 0U);
    EXPECT_FALSE(machine.exists("/var/lib/krunctl/packages"));
}

// The packages bring a kernel without an initrd, and this configuration of it if there is one.
class WithoutInitrd : public FakeMachine
{
  public:
    WithoutInitrd(const FakeMachine &machine, std::string config) : FakeMachine(machine), config_(std::move(config)) {}
    Result<ProcessResult> run(const Command &command) override
    {
        auto result = FakeMachine::run(command);
        if (command.argv[0] == "dpkg" && command.argv[1] == "--install") {
            if (!config_.empty())
                add(config_file, config_);
            contents.erase(std::string("/boot/initrd.img-") + krun_kernel);
            update_grub();
        }
        return result;
    }
    // The configuration belongs to no package here, so that none removes it.
    std::string snapshot_without_config()
    {
        contents.erase(config_file);
        return snapshot();
    }

  private:
    const std::string config_file = std::string("/boot/config-") + krun_kernel;
    std::string config_;
};

TEST_F(InstallerFailureTest, AnInitrdThatNobodyMadeIsFound)
{
    for (const char *config : {"CONFIG_BLK_DEV_INITRD=y\n", ""}) {
        SCOPED_TRACE(config);
        WithoutInitrd without(machine, config);
        const auto result = install(without, debs);
        ASSERT_FALSE(result);
        EXPECT_THAT(result.error().message, HasSubstr("no initrd was made for the kernel 6.12.117.krun.abcdef"));
        EXPECT_EQ(without.snapshot_without_config(), before);
    }
}

TEST_F(InstallerFailureTest, AKernelThatCannotUseAnInitrdNeedsNone)
{
    WithoutInitrd without(machine, "# CONFIG_BLK_DEV_INITRD is not set\n");
    const auto result = install(without, debs);
    EXPECT_TRUE(result) << result.error().message;
}

TEST_F(InstallerFailureTest, AnInstallationThatFilledTheDiskIsTakenBackThoughNothingCanBeWritten)
{
    class FilledByDpkg : public FakeMachine
    {
      public:
        bool full = false;
        Result<ProcessResult> run(const Command &command) override
        {
            auto result = FakeMachine::run(command);
            if (command.argv[0] == "dpkg" && command.argv[1] == "--purge")
                full = false;
            if (command.argv[0] != "dpkg" || command.argv[1] != "--install")
                return result;
            full = true;
            result->status = 1;
            result->errors = "update-initramfs: No space left on device";
            return result;
        }
        Result<void> write(const std::filesystem::path &path, const std::string &text) override
        {
            return full ? failure("no space left") : FakeMachine::write(path, text);
        }
    } filled;
    for (const auto &deb : debs)
        filled.add(deb, machine.contents[deb]);
    const auto result = install(filled, debs);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "no space left for `dpkg`; the machine is as it was before");
    EXPECT_EQ(filled.snapshot(), before);
}

TEST(TargetTest, WhereThereIsNoRoomForALogTheProgramRunsWithoutOne)
{
    FakeProcessRunner runner;
    runner.succeeds({"dpkg"});
    FakeFilesystem files;
    const Target target{Env{runner, files}, {}, old_kernel, true, "/var/log/krunctl/log"};
    ASSERT_TRUE(target.change({.argv = {"dpkg"}}));
    files.space = 1000;
    ASSERT_TRUE(target.change({.argv = {"dpkg"}}));
    EXPECT_EQ(runner.commands[0].log, "/var/log/krunctl/log");
    EXPECT_EQ(runner.commands[1].log, "");
}

TEST_F(InstallerFailureTest, ADefaultThatDoesNotTakeEffectIsFoundBeforeAnyPackageComes)
{
    machine.add("/etc/default/grub.d/zzz-other.cfg", "GRUB_DEFAULT=0\n");
    machine.update_grub();
    const auto with_other = machine.snapshot();
    const auto result = install(machine, debs);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("GRUB's default did not become the kernel 6.1.0-41-amd64"));
    for (const auto &program : machine.programs)
        EXPECT_THAT(program, testing::Not(HasSubstr("dpkg --install")));
    EXPECT_EQ(machine.snapshot(), with_other);
}

TEST_F(InstallerFailureTest, TheOnlyKernelThatCanBootIsNotRemoved)
{
    ASSERT_TRUE(install(machine, debs));
    machine.boot();
    ASSERT_TRUE(promote(machine));
    for (const auto *release : {"6.1.0-40-amd64", old_kernel})
        machine.contents.erase(std::string("/boot/vmlinuz-") + release);
    machine.update_grub();
    const auto untouched = machine.snapshot();
    const auto result = uninstall(machine, krun_kernel);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ExitCode::answer_is_no);
    EXPECT_THAT(result.error().message, HasSubstr("is the only kernel that this machine can boot"));
    EXPECT_EQ(machine.snapshot(), untouched);
}

TEST_F(InstallerFailureTest, WhenTheOldDefaultIsGoneAnotherOldKernelTakesItsPlace)
{
    ASSERT_TRUE(install(machine, debs));
    machine.contents.erase(std::string("/boot/vmlinuz-") + old_kernel);
    machine.contents.erase(std::string("/boot/initrd.img-") + old_kernel);
    machine.update_grub();
    machine.boot();
    ASSERT_EQ(machine.running, krun_kernel);
    const auto result = uninstall(machine, krun_kernel);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(*result, Removal::pending_reboot);
    EXPECT_EQ(machine.boot(), "6.1.0-40-amd64");
}

} // namespace
} // namespace krun
