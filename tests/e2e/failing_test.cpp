// SPDX-License-Identifier: MIT
// Kernels and disks on which an installation cannot come to a good end: the machine boots Debian's kernel all the same.
#include <gmock/gmock.h>

#include "scenario.hpp"

namespace krun
{

namespace
{

using testing::HasSubstr;

class Failing : public EndToEnd
{
};

TEST_F(Failing, AKernelThatPanicsGivesWayToTheOldOneByItself)
{
    if (inputs_->panic_release.empty())
        GTEST_SKIP() << "KRUN_E2E_PANIC names no folder with packages";
    DiskMachine &machine = start();
    const auto debian = machine.release();
    const auto before = state_of(machine);
    machine.must("krunctl install --no-boot-gate /root/packages/panic/linux-image-*.deb");
    // One order; two boots.
    ASSERT_EQ(machine.reboot(), debian);
    const auto console = machine.console();
    EXPECT_THAT(console, HasSubstr("Linux version " + inputs_->panic_release));
    EXPECT_THAT(console, HasSubstr("Kernel panic - not syncing: VFS: Unable to mount root fs"));
    EXPECT_THAT(console, HasSubstr("panic=30")); // from the one-shot boot's entry
    EXPECT_THAT(console, HasSubstr("Rebooting in 30 seconds"));
    EXPECT_EQ(machine.run("krunctl promote").status, 1);
    ASSERT_EQ(machine.reboot(), debian);
    machine.must("krunctl uninstall");
    EXPECT_EQ(state_of(machine), before);
}

TEST_F(Failing, AFullBootPartitionIsFoundBeforeAndSurvivedDuringAnInstallation)
{
    DiskMachine &machine = start();
    const auto debian = machine.release();
    const auto before = state_of(machine);

    machine.must("fallocate -l $(($(df --output=avail -B1 /boot | tail -n 1) - 4194304)) /boot/filler");
    const auto refused = machine.run(install_command());
    EXPECT_EQ(refused.status, 1);
    EXPECT_THAT(refused.output, HasSubstr("/boot"));
    machine.must("rm /boot/filler");
    EXPECT_EQ(state_of(machine), before);

    // Somebody else fills it when the space has been found to do.
    machine.must("cat >/etc/kernel/postinst.d/a-fault <<'END'\n#!/bin/sh\n"
                 "fallocate -l $(df --output=avail -B1 /boot | tail -n 1) /boot/filler\nEND\n"
                 "chmod +x /etc/kernel/postinst.d/a-fault");
    const auto failed = machine.run(install_command());
    EXPECT_EQ(failed.status, 4);
    EXPECT_THAT(failed.output, HasSubstr("as it was before"));
    EXPECT_THAT(machine.must("krunctl install --status"), HasSubstr("no Krun kernel"));
    ASSERT_EQ(machine.reboot(), debian);
    machine.must("rm /boot/filler /etc/kernel/postinst.d/a-fault");
    EXPECT_EQ(state_of(machine), before);
}

} // namespace

} // namespace krun
