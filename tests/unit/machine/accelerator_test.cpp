// SPDX-License-Identifier: MIT
#include "machine/accelerator.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

namespace krun
{
namespace
{

class AcceleratorTest : public testing::Test
{
  protected:
    Result<AcceleratorChoice> choose(Accelerator wanted)
    {
        request.accelerator = wanted;
        return choose_accelerator(
            request,
            [this] {
                ++probes;
                return kvm;
            },
            [this] { return system_qemu; });
    }

    MachineRequest request;
    KvmProbe kvm{KvmState::working, ""};
    bool system_qemu = true;
    int probes = 0;
};

TEST_F(AcceleratorTest, AutoTakesKvmThatWorks)
{
    const auto choice = choose(Accelerator::automatic);
    ASSERT_TRUE(choice);
    EXPECT_TRUE(choice->kvm);
    EXPECT_EQ(choice->note, "");
}

TEST_F(AcceleratorTest, AutoFallsBackFromBrokenKvmAndSaysWhy)
{
    kvm = {KvmState::broken, "it hangs"};
    const auto choice = choose(Accelerator::automatic);
    ASSERT_TRUE(choice);
    EXPECT_FALSE(choice->kvm);
    EXPECT_NE(choice->note.find("broken on this machine: it hangs"), std::string::npos);
}

TEST_F(AcceleratorTest, AutoFallsBackWithoutAQemuForKvm)
{
    system_qemu = false;
    const auto choice = choose(Accelerator::automatic);
    ASSERT_TRUE(choice);
    EXPECT_FALSE(choice->kvm);
    EXPECT_NE(choice->note.find("not on PATH"), std::string::npos);
}

TEST_F(AcceleratorTest, KvmThatCannotBeHadIsWhatTheHostLacks)
{
    kvm = {KvmState::absent, "there is no /dev/kvm"};
    const auto choice = choose(Accelerator::kvm);
    ASSERT_FALSE(choice);
    EXPECT_EQ(choice.error().code, ExitCode::host_lacks);
    EXPECT_NE(choice.error().message.find("there is no /dev/kvm"), std::string::npos);
    EXPECT_NE(choice.error().hint, "");
}

TEST_F(AcceleratorTest, TcgIsTakenWithoutLookingAtKvm)
{
    const auto choice = choose(Accelerator::tcg);
    ASSERT_TRUE(choice);
    EXPECT_FALSE(choice->kvm);
    EXPECT_EQ(probes, 0);
}

TEST_F(AcceleratorTest, ExactCountsExistInTcgOnly)
{
    request.icount = true;
    EXPECT_FALSE(choose(Accelerator::automatic)->kvm);
    const auto refused = choose(Accelerator::kvm);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::usage);
}

TEST_F(AcceleratorTest, AnotherVendorsCpusExistInTcgOnly)
{
    request.vendor = CpuVendor::amd;
    EXPECT_FALSE(choose(Accelerator::automatic)->kvm);
    const auto refused = choose(Accelerator::kvm);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::usage);
}

// With so little to count even a KVM that interprets its guests answers: a guest that is set up wrongly would not.
TEST(KvmProbeTest, ItsGuestRunsWhereKvmCanRunAnythingAtAll)
{
    if (access("/dev/kvm", R_OK | W_OK) != 0)
        GTEST_SKIP() << "/dev/kvm is absent or not for us";
    const KvmProbe probe = probe_kvm(10);
    if (probe.state != KvmState::working && probe.reason.find("creating a virtual") != std::string::npos)
        GTEST_SKIP() << "this KVM cannot even create a machine: " << probe.reason;
    EXPECT_EQ(probe.state, KvmState::working) << probe.reason;
}

} // namespace
} // namespace krun
