// SPDX-License-Identifier: MIT
// krun-dkms and krunctl both open /dev/krun to the group kruncounters; each does without the other.
#include <gmock/gmock.h>

#include "dkms/machine.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char *rules[] = {"/lib/udev/rules.d/60-krun-dkms.rules", "/lib/udev/rules.d/60-krunctl.rules"};

class DkmsGroup : public DkmsMachine
{
  protected:
    static std::string group() { return trim(machine_->run({"getent", "group", "kruncounters"}).output); }
    static void expect_rules(bool ours, bool of_the_tool)
    {
        EXPECT_EQ(exists(rules[0]), ours);
        EXPECT_EQ(exists(rules[1]), of_the_tool);
    }
};

TEST_F(DkmsGroup, IsMadeByThePackageAlone)
{
    ASSERT_EQ(group(), "");
    install({our_deb});
    EXPECT_THAT(group(), StartsWith("kruncounters:"));
    expect_rules(true, false);
}

TEST_F(DkmsGroup, IsOneForBothPackagesInEitherOrder)
{
    for (const bool ours_first : {true, false}) {
        install({ours_first ? our_deb : tool_deb});
        const auto first = group();
        shell("useradd alice && adduser --quiet alice kruncounters");
        install({ours_first ? tool_deb : our_deb});
        EXPECT_EQ(group(), first + "alice");
        expect_rules(true, true);
        EXPECT_EQ(shell("dpkg --verify krun-dkms krunctl"), "");
        // The one that came first goes first, and the other one's rule stays.
        purge(ours_first ? "krun-dkms" : "krunctl");
        expect_rules(!ours_first, ours_first);
        EXPECT_EQ(group(), first + "alice");
        purge(ours_first ? "krunctl" : "krun-dkms");
        expect_rules(false, false);
        shell("userdel alice; groupdel kruncounters");
    }
}

TEST_F(DkmsGroup, GoesWithTheLastOfBothPackagesIfItIsEmpty)
{
    for (const bool ours_first : {true, false}) {
        install({our_deb, tool_deb});
        purge(ours_first ? "krun-dkms" : "krunctl");
        EXPECT_THAT(group(), StartsWith("kruncounters:"));
        purge(ours_first ? "krunctl" : "krun-dkms");
        EXPECT_EQ(group(), "");
    }
}

TEST_F(DkmsGroup, RulesOfBothAreTheSame)
{
    install({our_deb, tool_deb});
    EXPECT_EQ(shell("cmp /lib/udev/rules.d/60-krun-dkms.rules /lib/udev/rules.d/60-krunctl.rules"), "");
}

TEST_F(DkmsGroup, MayBeAUsersGroupAndThatIsSaid)
{
    shell("groupadd --gid 1900 kruncounters");
    EXPECT_THAT(install({our_deb}), HasSubstr("which is no system group"));
    EXPECT_EQ(group(), "kruncounters:x:1900:");
}

} // namespace
} // namespace krun
