// SPDX-License-Identifier: MIT
// `krunctl install`, `promote` and `uninstall` as a person meets them, on a fake root.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fake_root.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

constexpr const char *release = "6.12.117.krun.abcdef";
constexpr const char *image = "linux-image-6.12.117.krun.abcdef";

class InstallTest : public testing::Test
{
  protected:
    ProcessResult install(std::vector<std::string> more = {})
    {
        more.insert(more.begin(), {"install", "--no-boot-gate", deb.string()});
        return sandbox.krunctl(more);
    }
    nlohmann::json json(std::vector<std::string> arguments, int status)
    {
        arguments.emplace_back("--json");
        const auto result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, status) << result.errors;
        auto json = nlohmann::json::parse(result.output);
        EXPECT_EQ(json.at("schema"), 1);
        EXPECT_EQ(json.contains("error"), status != 0);
        return json;
    }
    // dpkg stops in the middle; `then` is done to krunctl, which is $pid.
    ProcessResult in_the_middle(const std::string &then)
    {
        sandbox.environment["KRUN_TEST_MARKER"] = (sandbox.root() / "marker").string();
        sandbox.environment["KRUN_TEST_SLEEP"] = "2";
        auto result = sandbox.run({"sh", "-c",
                                   "env --default-signal=INT \"$0\" install --no-boot-gate \"$1\" & pid=$!; "
                                   "while kill -0 $pid && [ ! -s marker ]; do sleep 0.1; done; " +
                                       then + "; wait $pid",
                                   KRUNCTL, deb.string()});
        sandbox.environment.erase("KRUN_TEST_MARKER");
        return result;
    }
    void expect_refusal(const ProcessResult &result, int status, const std::string &words)
    {
        EXPECT_EQ(result.status, status);
        EXPECT_THAT(result.errors, HasSubstr(words));
        EXPECT_EQ(root.snapshot(), before);
    }
    Sandbox sandbox;
    FakeRoot root{sandbox};
    std::filesystem::path deb = root.make_deb(image);
    std::string before = root.snapshot();
};

TEST_F(InstallTest, AKernelComesForATrialAndGoesWithoutATrace)
{
    const auto result = install();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("is installed and boots once, at the next reboot"));
    EXPECT_THAT(result.output, HasSubstr("every later boot is 6.1.0-41-amd64 again"));
    EXPECT_THAT(read_text(root.path("/boot/grub/grubenv")),
                HasSubstr("next_entry=gnulinux-advanced-1234-abcd>gnulinux-6.12.117.krun.abcdef-advanced-1234-abcd\n"));
    EXPECT_THAT(read_text(root.path("/boot/grub/grub.cfg")),
                HasSubstr("set default=\"gnulinux-advanced-1234-abcd>gnulinux-6.1.0-41-amd64-advanced-1234-abcd\""));
    EXPECT_THAT(read_text(root.path("/boot/grub/grub.cfg")), HasSubstr("root=UUID=1234-abcd ro quiet $krun_trial\n"));
    const auto status = sandbox.krunctl({"install", "--status"});
    EXPECT_EQ(status.output, "6.12.117.krun.abcdef: trial\ndefault: 6.1.0-41-amd64\nrunning: 6.1.0-41-amd64\n"
                             "next boot only: 6.12.117.krun.abcdef\n");

    const auto removed = sandbox.krunctl({"uninstall"});
    EXPECT_EQ(removed.status, 0) << removed.errors;
    EXPECT_THAT(removed.output, HasSubstr("is removed; the boot settings are as they were"));
    EXPECT_EQ(root.snapshot(), before);
}

TEST_F(InstallTest, JsonTellsTheChecksTheResultAndTheLog)
{
    const auto report = json({"install", "--no-boot-gate", deb.string()}, 0);
    EXPECT_EQ(report["release"], release);
    EXPECT_EQ(report["result"], "trial");
    EXPECT_EQ(report["default"], "6.1.0-41-amd64");
    EXPECT_EQ(report["checks"].size(), 12u);
    EXPECT_TRUE(std::filesystem::exists(report["log"].get<std::string>()));
    EXPECT_EQ(json({"install", "--status"}, 0)["kernels"][0]["state"], "trial");
    EXPECT_EQ(json({"uninstall"}, 0)["result"], "removed");
}

TEST_F(InstallTest, ADryRunShowsTheChecksAndTheStepsToAnybodyAndChangesNothing)
{
    root.be_user();
    const auto result = install({"--dry-run"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("fail  root privileges: not root"));
    EXPECT_THAT(result.errors, HasSubstr("pass  Secure Boot lets the kernel start: none"));
    EXPECT_THAT(result.output, HasSubstr("dpkg --install "));
    EXPECT_THAT(
        result.output,
        HasSubstr("  | GRUB_DEFAULT='gnulinux-advanced-1234-abcd>gnulinux-6.1.0-41-amd64-advanced-1234-abcd'\n"));
    EXPECT_EQ(json({"install", "--no-boot-gate", deb.string(), "--dry-run"}, 0)["steps"], lines_of(result.output));
    EXPECT_EQ(root.snapshot(), before);
    EXPECT_FALSE(std::filesystem::exists(root.path("/var/lib/krunctl")));
}

TEST_F(InstallTest, WithoutRootItIsStatusThreeWithSudo)
{
    root.be_user();
    const auto result = install();
    expect_refusal(result, 3, "the kernel was not installed, nothing was changed");
    EXPECT_THAT(result.errors, HasSubstr("-> run it with sudo"));
}

TEST_F(InstallTest, AFolderThatGrubCannotWriteToIsStatusThreeWithTheReason)
{
    write_text(root.path("/abstraction"), "lvm\n");
    before = root.snapshot();
    expect_refusal(install(), 3, "/boot/grub is on lvm, which GRUB cannot write to");
}

TEST_F(InstallTest, SecureBootIsANo)
{
    write_text(root.path("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
               std::string("\6\0\0\0\1", 5));
    before = root.snapshot();
    expect_refusal(install(), 1, "the kernel is not signed");
    EXPECT_EQ(json({"install", "--no-boot-gate", deb.string()}, 1)["result"], "refused");
}

TEST_F(InstallTest, WrongUsageIsStatusTwo)
{
    expect_refusal(sandbox.krunctl({"install"}), 2, "no package is named");
    expect_refusal(sandbox.krunctl({"install", "--undo", "--continue"}), 2, "exclude each other");
    expect_refusal(sandbox.krunctl({"install", "none.deb"}), 2, "there is no file ");
    expect_refusal(sandbox.krunctl({"install", root.path("/abstraction").string()}), 2, "is not a Debian package");
    const auto other = root.make_deb("linux-image-6.1.0-42-amd64", false).string();
    expect_refusal(sandbox.krunctl({"install", other}), 2, "is not a Krun kernel");
    expect_refusal(sandbox.krunctl({"install", deb.string(), root.make_deb("bash").string()}), 2,
                   "bash does not belong to the kernel");
}

TEST_F(InstallTest, WhatWasNeverInstalledCannotBePromotedRemovedOrGoneOnWith)
{
    expect_refusal(sandbox.krunctl({"promote"}), 1, "the running kernel 6.1.0-41-amd64 was not installed by krunctl");
    expect_refusal(sandbox.krunctl({"uninstall"}), 1, "no Krun kernel was installed by krunctl");
    expect_refusal(sandbox.krunctl({"install", "--continue"}), 1, "nothing was interrupted");
    expect_refusal(sandbox.krunctl({"install", "--undo"}), 1, "nothing was interrupted");
}

TEST_F(InstallTest, AFullDiskIsStatusFourWithTheLogAndEverythingIsAsBefore)
{
    write_text(root.path("/full-disk"), "");
    before = root.snapshot();
    const auto result = install();
    expect_refusal(result, 4, "no space left for `dpkg`");
    EXPECT_THAT(result.errors, HasSubstr("hint: free some space"));
    EXPECT_THAT(result.errors, HasSubstr("the machine is as it was before"));
    const auto log = root.path("/var/log/krunctl/6.12.117.krun.abcdef.log");
    EXPECT_THAT(result.errors, HasSubstr("log: " + log.string()));
    EXPECT_THAT(read_text(log), HasSubstr("No space left on device"));
}

TEST_F(InstallTest, WhenTakingItBackFailsTooWhatIsLeftIsNamedAndUninstallFinishesLater)
{
    write_text(root.path("/full-disk"), "");
    before = root.snapshot();
    write_text(root.path("/broken-purge"), "");
    const auto result = install();
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("rolling it back also failed"));
    EXPECT_THAT(result.errors, HasSubstr("left are the package linux-image-6.12.117.krun.abcdef"));
    EXPECT_THAT(result.errors, HasSubstr("run `krunctl uninstall` again"));
    std::filesystem::remove(root.path("/broken-purge"));
    EXPECT_EQ(sandbox.krunctl({"uninstall"}).status, 0);
    EXPECT_EQ(root.snapshot(), before);
}

TEST_F(InstallTest, CtrlCLetsDpkgFinishAndTakesEverythingBack)
{
    for (const auto *signal : {"INT", "TERM"}) {
        std::filesystem::remove(sandbox.root() / "marker");
        const auto result = in_the_middle(std::string("kill -") + signal + " $pid");
        EXPECT_EQ(result.status, 130) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr("the machine is as it was before"));
        EXPECT_EQ(root.snapshot(), before);
    }
}

TEST_F(InstallTest, AfterAKillEveryCommandSaysSoAndBothWaysLeadOut)
{
    for (const auto *way : {"--continue", "--undo"}) {
        std::filesystem::remove(sandbox.root() / "marker");
        EXPECT_EQ(in_the_middle("kill -KILL $pid $(cat marker)").status, 137);
        EXPECT_THAT(sandbox.krunctl({"install", "--status"}).output, HasSubstr("was interrupted: finish it with"));
        for (const std::vector<std::string> &command :
             {std::vector<std::string>{"install", deb.string()}, std::vector<std::string>{"promote"}}) {
            const auto result = sandbox.krunctl(command);
            EXPECT_EQ(result.status, 1);
            EXPECT_THAT(result.errors, HasSubstr("the install of 6.12.117.krun.abcdef was interrupted"));
            EXPECT_THAT(result.errors, HasSubstr("hint: finish it with `krunctl install --continue`"));
        }
        const auto result = sandbox.krunctl({"install", way});
        EXPECT_EQ(result.status, 0) << result.errors;
        if (std::string(way) == "--continue") {
            EXPECT_THAT(result.output, HasSubstr("is installed and boots once"));
            EXPECT_EQ(sandbox.krunctl({"uninstall"}).status, 0);
        }
        EXPECT_EQ(root.snapshot(), before);
    }
}

TEST_F(InstallTest, OnlyTheRunningKernelOnTrialIsPromotedAndOnlyWhenItPassesTheChecks)
{
    ASSERT_EQ(install().status, 0);
    const auto installed = root.snapshot();
    auto result = sandbox.krunctl({"promote"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.errors, HasSubstr("6.1.0-41-amd64 is running, not the kernel on trial, 6.12.117.krun.abcdef"));
    EXPECT_EQ(root.snapshot(), installed);

    root.run_kernel(release);
    const auto shown = sandbox.krunctl({"promote", "--dry-run"}).output;
    EXPECT_EQ(json({"promote", "--dry-run"}, 0)["steps"], lines_of(shown));
    EXPECT_THAT(
        shown,
        HasSubstr("GRUB_DEFAULT='gnulinux-advanced-1234-abcd>gnulinux-6.12.117.krun.abcdef-advanced-1234-abcd'"));
    // The kernel that really runs here has no Krun system calls.
    result = sandbox.krunctl({"promote"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.output, HasSubstr("missing  this is a Krun kernel"));
    EXPECT_THAT(result.errors, HasSubstr("is not promoted, nothing was changed: kernel-identity"));
    const auto refused = json({"promote"}, 1);
    EXPECT_EQ(refused.at("result"), "refused");
    EXPECT_EQ(refused.at("against").at(0), "kernel-identity");
    EXPECT_THAT(read_text(root.path("/boot/grub/grub.cfg")),
                HasSubstr("set default=\"gnulinux-advanced-1234-abcd>gnulinux-6.1."));
}

TEST_F(InstallTest, TheRunningKernelIsRemovedAfterAReboot)
{
    ASSERT_EQ(install().status, 0);
    root.run_kernel(release);
    auto report = json({"uninstall"}, 0);
    EXPECT_EQ(report["result"], "pending-reboot");
    EXPECT_TRUE(std::filesystem::exists(root.path(std::string("/boot/vmlinuz-") + release)));
    EXPECT_THAT(sandbox.krunctl({"uninstall"}).output, HasSubstr("reboot, then run `sudo krunctl uninstall` again"));
    root.run_kernel("6.1.0-41-amd64");
    report = json({"uninstall"}, 0);
    EXPECT_EQ(report["result"], "removed");
    EXPECT_EQ(root.snapshot(), before);
}

TEST_F(InstallTest, OfSeveralKernelsOneHasToBeNamed)
{
    ASSERT_EQ(install().status, 0);
    const auto newer = root.make_deb("linux-image-6.12.120.krun.fedcba");
    ASSERT_EQ(sandbox.krunctl({"install", "--no-boot-gate", newer.string()}).status, 0);
    const auto result = sandbox.krunctl({"uninstall"});
    EXPECT_EQ(result.status, 2);
    EXPECT_THAT(result.errors, HasSubstr("several Krun kernels are installed: 6.12.117.krun.abcdef, 6.12.120"));
    EXPECT_EQ(sandbox.krunctl({"uninstall", "6.5"}).status, 1);
    const auto shown = sandbox.krunctl({"uninstall", "--dry-run", release}).output;
    EXPECT_THAT(shown, HasSubstr("dpkg --purge"));
    EXPECT_EQ(json({"uninstall", "--dry-run", release}, 0)["steps"], lines_of(shown));
    EXPECT_EQ(sandbox.krunctl({"uninstall", release}).status, 0);
    EXPECT_EQ(sandbox.krunctl({"uninstall"}).status, 0);
    EXPECT_EQ(root.snapshot(), before);
}

TEST_F(InstallTest, ADamagedStateIsAnErrorAndNothingIsTouched)
{
    write_text(root.path("/var/lib/krunctl/state.json"), "{");
    before = root.snapshot();
    expect_refusal(install(), 4, "state.json is damaged");
    expect_refusal(sandbox.krunctl({"uninstall"}), 4, "state.json is damaged");
}

} // namespace
} // namespace krun
