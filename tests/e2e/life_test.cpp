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

// As Debian's security updates bring them: a kernel that nothing depends on any more once its successor is there.
constexpr const char *update_kernel = R"sh(set -e
debian=$1
cd /root
package() { # NAME VERSION [DEPENDS]
    mkdir -p "deb/$1/DEBIAN"
    printf 'Package: %s\nVersion: %s\nArchitecture: amd64\nMaintainer: A Test <test@example.org>\n%sDescription: test\n' \
        "$1" "$2" "${3:+Depends: $3
}" >"deb/$1/DEBIAN/control"
    dpkg-deb --root-owner-group --build "deb/$1" "deb/$1.deb" >/dev/null
}
for abi in 98 99; do
    mkdir -p "deb/linux-image-6.1.0-$abi-amd64/boot"
    cp "/boot/vmlinuz-$debian" "deb/linux-image-6.1.0-$abi-amd64/boot/vmlinuz-6.1.0-$abi-amd64"
    package "linux-image-6.1.0-$abi-amd64" "6.1.9$abi-1"
    package linux-image-amd64 "6.1.9$abi-1" "linux-image-6.1.0-$abi-amd64"
    apt-get install -y "./deb/linux-image-6.1.0-$abi-amd64.deb" ./deb/linux-image-amd64.deb >/dev/null
    apt-mark auto "linux-image-6.1.0-$abi-amd64" "linux-image-$debian" >/dev/null
done
update-grub 2>/dev/null
)sh";

TEST_F(Life, AptDoesNotRemoveTheKernelThatIsPinnedAndTheUpdateThatWaitsIsNamed)
{
    DiskMachine &machine = start_installed();
    ASSERT_EQ(machine.release(), krun_release());
    const auto debian = "linux-image-" + installed_.debian;
    machine.must("cat >/root/update <<'END'\n" + std::string(update_kernel) + "END\nsh /root/update " +
                 installed_.debian + " 2>&1");
    // What would become of it without us.
    machine.must("mv /etc/apt/apt.conf.d/zz-krunctl /root/");
    EXPECT_THAT(machine.must("apt-get --simulate autoremove"), HasSubstr("Remv " + debian + " "));
    machine.must("mv /root/zz-krunctl /etc/apt/apt.conf.d/");

    const auto removed = machine.must("apt-get --yes autoremove 2>&1");
    EXPECT_THAT(removed, HasSubstr("Removing linux-image-6.1.0-98-amd64"));
    EXPECT_THAT(removed, testing::Not(HasSubstr("Removing " + debian)));
    const auto status = machine.must("krunctl install --status");
    EXPECT_THAT(status, HasSubstr("default: " + installed_.debian + "\n"));
    EXPECT_THAT(status, HasSubstr("\n6.1.0-99-amd64 is newer than " + installed_.debian));
    ASSERT_EQ(machine.reboot(), installed_.debian);
    machine.must("krunctl uninstall");
    EXPECT_THAT(machine.must("krunctl install --status"), HasSubstr("default: 6.1.0-99-amd64\n"));
    EXPECT_EQ(machine.run("test -e /etc/apt/apt.conf.d/zz-krunctl").status, 1);
}

} // namespace

} // namespace krun
