// SPDX-License-Identifier: MIT
// `krunctl promote` on a Krun kernel that really runs, with everything below its root made up: what the checks find
// there forbids a promotion only if it is a fault.
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../command/fake_root.hpp"
#include "test_kernel.hpp"

namespace
{

using testing::HasSubstr;
using testing::Not;

constexpr const char *on_trial = "6.12.117.krun.abcdef";

class Promote : public WithTestKernel
{
  protected:
    void SetUp() override
    {
        WithTestKernel::SetUp();
        if (IsSkipped())
            return;
        const auto deb = root_.make_deb(std::string("linux-image-") + on_trial);
        const auto installed = sandbox_.krunctl({"install", "--no-boot-gate", deb.string()});
        ASSERT_EQ(installed.status, 0) << installed.errors;
        root_.run_kernel(on_trial);
    }

    // Its stderr ends with the default of GRUB's menu.
    Ran promote(const std::string &wrapper = {}, const std::string &append = {}) const
    {
        return boot({"--timeout", "240", "--append", append, "--copy-in", REFUSE_AFFINITY ":/refuse_affinity",
                     "--copy-in", (sandbox_.root() / "target").string() + ":/target", "--copy-in",
                     (sandbox_.root() / "bin").string() + ":/fake"},
                    {"sh", "-c",
                     "export KRUN_ROOT=/target PATH=/fake:$PATH; " + wrapper +
                         " krunctl promote; status=$?; grep 'set default' /target/boot/grub/grub.cfg >&2; "
                         "exit $status"});
    }

    krun::Sandbox sandbox_;
    krun::FakeRoot root_{sandbox_};
};

const std::string is_default = std::string("set default=\"gnulinux-advanced-1234-abcd>gnulinux-") + on_trial;

TEST_F(Promote, AMissingHeaderIsNoReasonAgainstIt)
{
    const Ran ran = promote();
    EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr(std::string(on_trial) + " is the default kernel"));
    EXPECT_THAT(ran.errors, HasSubstr(is_default));
}

TEST_F(Promote, AMachineWithoutCountersIsNamedAndNoReasonAgainstIt)
{
    const Ran ran = promote("", "clearcpuid=aperfmperf");
    EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
    EXPECT_THAT(ran.output, HasSubstr("missing  every counter increases on every CPU"));
    EXPECT_THAT(ran.errors, HasSubstr(is_default));
}

TEST_F(Promote, WhatCouldNotBeMeasuredIsAReasonAgainstIt)
{
    const Ran ran = promote("/refuse_affinity");
    if (ran.status == 77)
        GTEST_SKIP() << "this kernel has no seccomp filters";
    EXPECT_EQ(ran.status, 1);
    EXPECT_THAT(ran.output, HasSubstr("unknown  nothing interrupts a CPU that computes"));
    EXPECT_THAT(ran.errors, HasSubstr("is not promoted, nothing was changed: tickless"));
    EXPECT_THAT(ran.errors, Not(HasSubstr(is_default)));
}

} // namespace
