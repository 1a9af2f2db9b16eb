// SPDX-License-Identifier: MIT
// An installation that is cut off: Debian's kernel boots, and krunctl goes on or goes back.
//
// Theory: where dpkg is interrupted is decided by a hook in /etc/kernel/postinst.d, which the kernel package's own
// script runs, in the order of their names: before `initramfs-tools` has made the initrd, between that and
// `zz-update-grub`, or behind both, when GRUB's menu begins with the new kernel.
#include <gmock/gmock.h>

#include "scenario.hpp"

namespace krun
{

namespace
{

using testing::HasSubstr;

constexpr const char *before_initrd = "a-fault";
constexpr const char *before_menu = "m-fault";
constexpr const char *behind_all = "zzz-fault";

// krunctl, dpkg and everything between this hook and krunctl.
constexpr const char *kill_krunctl = R"sh(
victims=
pid=$PPID
while [ "$pid" -gt 1 ] && [ "$(cat /proc/$pid/comm)" != krunctl ]; do
    victims="$victims $pid"
    pid=$(awk '$1 == "PPid:" { print $2 }' /proc/$pid/status)
done
echo event killing-krunctl-and-dpkg >/dev/ttyS1
kill -9 $pid $victims
)sh";
constexpr const char *reset_machine = "echo event reset >/dev/ttyS1; sleep 1; echo b >/proc/sysrq-trigger; sleep 600";
constexpr const char *cut_power = "echo event power-cut >/dev/ttyS1; sleep 600";

class Interrupted : public EndToEnd
{
  protected:
    static void set_fault(DiskMachine &machine, const std::string &name, const std::string &script)
    {
        machine.must("cat >/etc/kernel/postinst.d/" + name +
                     " <<'END'\n#!/bin/sh\ncase $1 in *krun*) ;; *) exit 0 ;; "
                     "esac\nrm $0; sync -f /etc\n" +
                     script + "\nEND\nchmod +x /etc/kernel/postinst.d/" + name);
    }

    static void expect_unfinished(DiskMachine &machine)
    {
        EXPECT_THAT(machine.must("krunctl install --status"), HasSubstr("interrupted"));
        EXPECT_EQ(machine.run(install_command()).status, 1);
    }

    // The way on, to its end: the kernel boots once, and goes.
    static void go_on_and_remove(DiskMachine &machine, const std::string &debian, const std::string &before)
    {
        machine.must("krunctl install --continue");
        ASSERT_EQ(machine.reboot(), krun_release());
        ASSERT_EQ(machine.reboot(), debian);
        machine.must("krunctl uninstall");
        EXPECT_EQ(state_of(machine), before);
    }

    static void go_back(DiskMachine &machine, const std::string &before)
    {
        machine.must("krunctl install --undo");
        EXPECT_EQ(state_of(machine), before);
    }
};

TEST_F(Interrupted, AKilledInstallationLeavesDebiansKernelAndCanBeTakenBackOrFinished)
{
    DiskMachine &machine = start();
    const auto debian = machine.release();
    const auto before = state_of(machine);

    set_fault(machine, before_initrd, kill_krunctl);
    EXPECT_EQ(machine.run(install_command()).status, 137);
    ASSERT_EQ(machine.reboot(), debian);
    expect_unfinished(machine);
    go_back(machine, before);

    set_fault(machine, before_menu, kill_krunctl);
    EXPECT_EQ(machine.run(install_command()).status, 137);
    ASSERT_EQ(machine.reboot(), debian);
    expect_unfinished(machine);
    go_on_and_remove(machine, debian, before);
}

TEST_F(Interrupted, AfterAResetOrAPowerCutDebiansKernelBootsAndTheInstallationCanBeFinishedOrTakenBack)
{
    DiskMachine &machine = start();
    const auto debian = machine.release();
    machine.must("sync");
    const auto before = state_of(machine);

    // Nothing of what dpkg did is on the disk for certain.
    set_fault(machine, before_menu, cut_power);
    ASSERT_EQ(machine.run_to_reset(install_command()), AgentEnd::stopped);
    ASSERT_EQ(machine.power_on(), debian);
    expect_unfinished(machine);
    go_back(machine, before);

    set_fault(machine, behind_all, reset_machine);
    ASSERT_EQ(machine.run_to_reset(install_command()), AgentEnd::greeted);
    ASSERT_EQ(machine.wait_for_boot(), debian);
    expect_unfinished(machine);
    go_on_and_remove(machine, debian, before);
}

} // namespace

} // namespace krun
