// SPDX-License-Identifier: MIT
// The life of an installed Krun kernel, from the trial boot to its removal, as its user goes through it.
#include <gmock/gmock.h>

#include "scenario.hpp"

namespace krun
{

namespace
{

using testing::HasSubstr;

// Installed, not yet booted: where two scenarios begin, because installing takes a while.
struct Installed {
    std::filesystem::path disk;
    std::string debian; // the release of Debian's own kernel
    std::string before; // state_of() it
};

class Life : public EndToEnd
{
  protected:
    DiskMachine &start_installed()
    {
        if (installed_.disk.empty()) {
            DiskMachine &machine = start();
            installed_.debian = machine.release();
            installed_.before = state_of(machine);
            machine.must(install_command());
            EXPECT_THAT(machine.must("krunctl install --status"), HasSubstr(krun_release()));
            EXPECT_EQ(machine.release(), installed_.debian);
            installed_.disk = shut_down_and_keep("installed");
        }
        return start_on(installed_.disk, "qcow2");
    }

    static Installed installed_;
};

Installed Life::installed_;

TEST_F(Life, AKernelIsTriedPromotedAndRemovedAndThenAllIsAsBefore)
{
    DiskMachine &machine = start_installed();
    const auto first = machine.release();
    ASSERT_EQ(first, krun_release());
    EXPECT_EQ(machine.run("systemctl is-system-running --wait; systemctl --failed --no-legend").output, "running\n");
    machine.must("krunctl check");
    machine.must("krunctl promote");
    ASSERT_EQ(machine.reboot(), krun_release());
    EXPECT_THAT(machine.must("krunctl uninstall"), HasSubstr("reboot"));
    ASSERT_EQ(machine.reboot(), installed_.debian);
    machine.must("krunctl uninstall");
    EXPECT_EQ(state_of(machine), installed_.before);
    EXPECT_EQ(machine.reboot(), installed_.debian);
}

TEST_F(Life, ATrialThatNobodyPromotesEndsWithTheNextReboot)
{
    DiskMachine &machine = start_installed();
    ASSERT_EQ(machine.release(), krun_release());
    ASSERT_EQ(machine.reboot(), installed_.debian);
    EXPECT_EQ(machine.run("krunctl promote").status, 1); // it is not the kernel that runs
    machine.must("krunctl uninstall");
    EXPECT_EQ(state_of(machine), installed_.before);
}

} // namespace

} // namespace krun
