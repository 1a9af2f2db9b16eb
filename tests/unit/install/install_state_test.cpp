// SPDX-License-Identifier: MIT
// The journal on the disk, what is shown of it, and the packages that it names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/temporary_folder.hpp"
#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "install/krunctl_on_fake.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

TEST(InstallStateTest, WhatIsWrittenIsReadBack)
{
    FakeMachine machine;
    InstallState state;
    state.fallback = old_kernel;
    state.kernels.push_back(
        {krun_kernel, KernelState::promoted, 2, {{"linux-image-x", "1"}}, {{"krun-syscall-dev", "2"}}});
    state.operation = Operation{Operation::Kind::uninstall, krun_kernel, {"/home/user/a.deb"}};
    machine.add("/var/lib/krunctl/state.json", state_text(state));
    const auto read = read_state(machine, {});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(state_text(*read), state_text(state));
    EXPECT_EQ(read->operation->debs.front(), "/home/user/a.deb");
    EXPECT_EQ(read->kernels.front().shared_packages.front().name, "krun-syscall-dev");
}

TEST(InstallStateTest, WithoutAFileNothingIsInstalled)
{
    FakeMachine machine;
    EXPECT_TRUE(read_state(machine, {})->empty());
}

TEST(InstallStateTest, ADamagedOrNewerFileIsAnErrorAndNeverAnEmptyState)
{
    FakeMachine machine;
    for (const auto *text : {"", "{", "[]", "{\"format\": 1}", "{\"format\": 1, \"fallback\": 3}"}) {
        machine.add("/var/lib/krunctl/state.json", text);
        const auto state = read_state(machine, {});
        ASSERT_FALSE(state) << text;
        EXPECT_THAT(state.error().message, HasSubstr("/var/lib/krunctl/state.json is damaged"));
    }
    machine.add("/var/lib/krunctl/state.json", "{\"format\": 2}");
    EXPECT_THAT(read_state(machine, {}).error().message, HasSubstr("another version"));
}

TEST(InstallStateTest, WhatCannotBeReadIsNotTakenForNothing)
{
    const TemporaryFolder root;
    SystemFilesystem files;
    const SystemLayout layout{root.path()};
    ASSERT_TRUE(files.make_directories(layout.state_folder()));
    ASSERT_TRUE(read_state(files, layout));
    std::filesystem::create_symlink(layout.state(), layout.state()); // leads in a circle
    EXPECT_FALSE(read_state(files, layout));
    std::filesystem::remove(layout.state());
    std::filesystem::create_directory(layout.state());
    EXPECT_FALSE(read_state(files, layout));
    std::filesystem::remove(layout.state());
    std::filesystem::create_symlink("nowhere", layout.state());
    EXPECT_FALSE(read_state(files, layout));
}

TEST(InstallStateTest, TheDefaultIsTheKernelPromotedLastThatStays)
{
    InstallState state;
    state.fallback = old_kernel;
    EXPECT_EQ(state.default_release(), old_kernel);
    state.kernels = {{"a", KernelState::promoted, 1, {}, {}},
                     {"b", KernelState::promoted, 3, {}, {}},
                     {"c", KernelState::trial, 0, {}, {}},
                     {"d", KernelState::removing, 4, {}, {}}};
    EXPECT_EQ(state.default_release(), "b");
    EXPECT_EQ(state.default_release("b"), "a");
    EXPECT_EQ(state.last_promotion(), 4u);
}

TEST(InstallStatusTest, TellsWhatIsInstalledAndWhatBootsNext)
{
    FakeMachine machine;
    ASSERT_TRUE(install(machine, {machine.add_deb(std::string("linux-image-") + krun_kernel, "1")}));
    auto target = machine.target();
    const auto status = install_status(target, state_of(machine));
    EXPECT_EQ(status_text(status), "6.12.117.krun.abcdef: trial\ndefault: 6.1.0-41-amd64\nrunning: 6.1.0-41-amd64\n"
                                   "next boot only: 6.12.117.krun.abcdef\n");
    const auto json = status_json(status);
    EXPECT_EQ(json["kernels"][0]["state"], "trial");
    EXPECT_EQ(json["next_boot_only"], krun_kernel);
    EXPECT_TRUE(json["interrupted"].is_null());
}

// Debian's security update of the kernel that is pinned, for one.
TEST(InstallStatusTest, ANewerKernelThatThePinKeepsWaitingIsNamed)
{
    FakeMachine machine;
    ASSERT_TRUE(install(machine, {machine.add_deb(std::string("linux-image-") + krun_kernel, "1")}));
    machine.add_kernel("6.1.0-42-amd64");
    machine.update_grub();
    auto target = machine.target();
    const auto status = install_status(target, state_of(machine));
    EXPECT_THAT(status_text(status),
                HasSubstr("\n6.1.0-42-amd64 is newer than 6.1.0-41-amd64, the default from before"));
    EXPECT_EQ(status_json(status)["waiting"], nlohmann::json({"6.1.0-42-amd64"}));
    ASSERT_TRUE(uninstall(machine, krun_kernel));
    EXPECT_TRUE(install_status(target, state_of(machine)).waiting.empty());
    EXPECT_EQ(machine.boot(), "6.1.0-42-amd64");
}

TEST(InstallStatusTest, AnInterruptedOperationIsNamedWithTheWaysOut)
{
    FakeMachine machine;
    machine.power_fails_after = machine.effects + 2 + 4; // when the package has been copied
    EXPECT_THROW(static_cast<void>(install(machine, {machine.add_deb(std::string("linux-image-") + krun_kernel, "1")})),
                 PowerLoss);
    machine.power_fails_after.reset();
    auto target = machine.target();
    const auto status = install_status(target, state_of(machine));
    EXPECT_THAT(status_text(status), HasSubstr("the install of 6.12.117.krun.abcdef was interrupted: finish it with"));
    EXPECT_EQ(status_json(status)["interrupted"]["kind"], "install");
}

class KernelPackageTest : public testing::Test
{
  protected:
    void expect_usage_error(const std::vector<std::filesystem::path> &debs, const std::string &message)
    {
        const auto packages = read_kernel_packages(Env{machine, machine}, debs);
        ASSERT_FALSE(packages);
        EXPECT_EQ(packages.error().code, ExitCode::usage);
        EXPECT_THAT(packages.error().message, HasSubstr(message));
    }
    FakeMachine machine;
    std::filesystem::path image = machine.add_deb(std::string("linux-image-") + krun_kernel, "6.12.117-1");
    std::filesystem::path headers = machine.add_deb(std::string("linux-headers-") + krun_kernel, "6.12.117-1");
    std::filesystem::path header = machine.add_deb("krun-syscall-dev", "2.0", "all");
};

TEST_F(KernelPackageTest, TheOrderOfThePackagesDoesNotMatter)
{
    const auto packages = read_kernel_packages(Env{machine, machine}, {header, headers, image});
    ASSERT_TRUE(packages) << packages.error().message;
    EXPECT_EQ(packages->release, krun_kernel);
    EXPECT_EQ(packages->kernel_bytes, 9000000u);
    EXPECT_EQ(packages->image().name, std::string("linux-image-") + krun_kernel);
    EXPECT_EQ(packages->image().installed_bytes, 20000u * 1024);
    EXPECT_EQ(packages->kernel.size(), 2u);
    EXPECT_EQ(packages->shared.size(), 1u);
}

TEST_F(KernelPackageTest, WhatDoesNotBelongIsRefusedByName)
{
    expect_usage_error({"/home/user/none.deb"}, "there is no file /home/user/none.deb");
    machine.add("/home/user/text.deb", "text");
    expect_usage_error({"/home/user/text.deb"}, "is not a Debian package");
    expect_usage_error({headers, header}, "no kernel among the packages");
    expect_usage_error({machine.add_deb("linux-image-6.1.0-42-amd64", "1")}, "is not a Krun kernel");
    expect_usage_error({image, machine.add_deb("linux-image-6.12.120.krun.fedcba", "1")}, "are two kernels");
    expect_usage_error({image, machine.add_deb("linux-headers-6.1.0-42-amd64", "1")}, "does not belong to the kernel");
    expect_usage_error({image, machine.add_deb("bash", "1")}, "bash does not belong");
    expect_usage_error({image, header, header}, "krun-syscall-dev is named twice");
}

} // namespace
} // namespace krun
