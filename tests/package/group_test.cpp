// SPDX-License-Identifier: MIT
// The group that may open /dev/krun, beside the user `krun` of the Krun Benchmarking System. Up to version 2.0 the
// group was called krun.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <unistd.h>

#include "chroot.hpp"
#include "packages.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::StartsWith;

// krunctl 2.0 as far as the group is concerned.
constexpr const char *old_package = R"(set -e
mkdir -p /tmp/old/DEBIAN
cat >/tmp/old/DEBIAN/control <<END
Package: krunctl
Version: 2.0
Architecture: amd64
Depends: adduser
Maintainer: nobody <nobody@example.org>
Description: older version
END
cat >/tmp/old/DEBIAN/postinst <<'END'
#!/bin/sh
set -e
if [ "$1" = configure ]; then
    addgroup --quiet --system krun
fi
END
chmod 755 /tmp/old/DEBIAN/postinst
dpkg-deb --build --root-owner-group /tmp/old /tmp/krunctl_2.0.deb
)";

// What the Krun Benchmarking System does before each execution.
constexpr const char *new_user = "userdel -r krun; useradd -m krun && su krun -c true";

// Each test begins with a machine on which no krunctl ever was.
class CountersGroup : public testing::Test
{
  protected:
    static void SetUpTestSuite()
    {
        if (group_obstacle_ = Chroot::obstacle(); !group_obstacle_.empty())
            return;
        const auto deb = packages().deb("krunctl");
        machine_ = std::make_unique<Chroot>();
        machine_->copy_in(deb, "/tmp/krunctl.deb");
        shell(old_package);
        install("/tmp/krunctl.deb"); // with what it depends on
    }
    static void TearDownTestSuite() { machine_.reset(); }
    void SetUp() override
    {
        if (!group_obstacle_.empty())
            GTEST_SKIP() << group_obstacle_;
        ASSERT_NE(machine_, nullptr) << "the chroot could not be made";
        shell("dpkg --purge krunctl; userdel -r krun; userdel -r alice; groupdel krun; groupdel kruncounters; "
              "rm -rf /home/krun; useradd -m alice");
    }

    static std::string install(const std::string &deb)
    {
        const auto result =
            machine_->run({"apt-get", "-q", "-y", "--no-install-recommends", "--allow-downgrades", "install", deb});
        EXPECT_TRUE(result.ok()) << result.output << result.errors;
        return result.output + result.errors;
    }
    static std::string shell(const std::string &script) { return machine_->output_of({"sh", "-c", script + "\n"}); }
    // "krun:x:104:alice"; nothing when there is none.
    static std::string group(const std::string &name) { return trim(machine_->run({"getent", "group", name}).output); }
    static void expect_new_users_can_be_made()
    {
        for (int execution = 0; execution < 2; ++execution) {
            const auto made = machine_->run({"sh", "-c", new_user});
            EXPECT_EQ(made.status, 0) << made.errors;
            EXPECT_THAT(group("krun"), StartsWith("krun:"));
        }
    }

    static std::string group_obstacle_;
    static std::unique_ptr<Chroot> machine_;
};

std::string CountersGroup::group_obstacle_;
std::unique_ptr<Chroot> CountersGroup::machine_;

TEST_F(CountersGroup, LeavesTheNameToTheBenchmarkingSystem)
{
    install("/tmp/krunctl.deb");
    EXPECT_THAT(group("kruncounters"), StartsWith("kruncounters:"));
    EXPECT_EQ(group("krun"), "");
    expect_new_users_can_be_made();
}

TEST_F(CountersGroup, TakesAUsersGroupOfThatNameAndSaysSo)
{
    shell("groupadd --gid 1900 kruncounters");
    EXPECT_THAT(install("/tmp/krunctl.deb"), HasSubstr("which is no system group"));
    EXPECT_EQ(group("kruncounters"), "kruncounters:x:1900:");
}

TEST_F(CountersGroup, AnUpgradeRenamesItWithItsNumberAndMembers)
{
    install("/tmp/krunctl_2.0.deb");
    shell("adduser --quiet alice krun");
    const auto old = group("krun");
    EXPECT_THAT(old, testing::EndsWith(":alice"));
    EXPECT_FALSE(machine_->run({"useradd", "-m", "krun"}).ok()) << "the old name did no harm";

    install("/tmp/krunctl.deb");
    EXPECT_EQ(group("krun"), "");
    EXPECT_EQ(group("kruncounters"), "kruncounters" + old.substr(old.find(':')));
    expect_new_users_can_be_made();

    // Configured once more, it has nothing to do, and the Benchmarking System's group is safe.
    const auto theirs = group("krun");
    shell("/var/lib/dpkg/info/krunctl.postinst configure 2.0");
    EXPECT_EQ(group("krun"), theirs);
    EXPECT_THAT(group("kruncounters"), testing::EndsWith(":alice"));
}

// Somebody found a way round the clash: the user's primary group is ours.
TEST_F(CountersGroup, AnUpgradeLeavesAGroupThatIsAUsersOwn)
{
    install("/tmp/krunctl_2.0.deb");
    shell("useradd -m -g krun krun");
    const auto theirs = group("krun");
    EXPECT_THAT(install("/tmp/krunctl.deb"), HasSubstr("leaving the group krun alone"));
    EXPECT_EQ(group("krun"), theirs);
    EXPECT_THAT(group("kruncounters"), StartsWith("kruncounters:"));
    expect_new_users_can_be_made();
}

// 2.0 could not be configured beside it.
TEST_F(CountersGroup, AnUpgradeLeavesAGroupWithAUsersNumber)
{
    shell("useradd -m krun");
    const auto theirs = group("krun");
    EXPECT_FALSE(machine_->run({"dpkg", "--install", "/tmp/krunctl_2.0.deb"}).ok());
    install("/tmp/krunctl.deb");
    EXPECT_EQ(group("krun"), theirs);
    EXPECT_THAT(group("kruncounters"), StartsWith("kruncounters:"));
    expect_new_users_can_be_made();
}

TEST_F(CountersGroup, AfterADowngradeTheTwoBecomeOne)
{
    install("/tmp/krunctl.deb");
    install("/tmp/krunctl_2.0.deb");
    shell("adduser --quiet alice krun");
    install("/tmp/krunctl.deb");
    EXPECT_EQ(group("krun"), "");
    EXPECT_THAT(group("kruncounters"), testing::EndsWith(":alice"));
    expect_new_users_can_be_made();
}

TEST_F(CountersGroup, OutlivesThePurgeWithItsMembersAndOnlyThen)
{
    install("/tmp/krunctl.deb");
    shell("adduser --quiet alice kruncounters");
    shell("dpkg --purge krunctl");
    EXPECT_THAT(group("kruncounters"), testing::EndsWith(":alice"));

    install("/tmp/krunctl.deb");
    shell("gpasswd --delete alice kruncounters && dpkg --remove krunctl");
    EXPECT_THAT(group("kruncounters"), StartsWith("kruncounters:"))
        << "it went with the package, not the configuration";
    if (access("/dev/krun", F_OK) == 0)
        GTEST_SKIP() << "this machine's /dev/krun belongs to the group";
    shell("dpkg --purge krunctl");
    EXPECT_EQ(group("kruncounters"), "");
}

TEST_F(CountersGroup, ThatIsAUsersOutlivesThePurge)
{
    shell("groupadd --gid 1900 kruncounters");
    install("/tmp/krunctl.deb");
    shell("dpkg --purge krunctl");
    EXPECT_EQ(group("kruncounters"), "kruncounters:x:1900:");
}

} // namespace
} // namespace krun
