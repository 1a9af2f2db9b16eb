// SPDX-License-Identifier: MIT
// What the checks make of each kind of machine.
#include <algorithm>
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/checked_host.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Checks, AllPassOnAGoodKernel)
{
    FakeHost host;
    const auto results = check_kernel(host);
    EXPECT_EQ(results.size(), 9U);
    EXPECT_TRUE(all_good(results));
    for (const CheckResult &result : results)
        EXPECT_EQ(result.status, CheckStatus::pass) << result.id;
    EXPECT_THAT(against_promotion(results), IsEmpty());
}

TEST(Checks, AKrunKernelIsKnownByWhatItCanDoNotByItsName)
{
    FakeHost host; // 6.12.1
    EXPECT_THAT(result_of(host, "kernel-identity").detail, HasSubstr("6.12.1 has system calls 900-902, /dev/krun"));
    // Each is enough: a seccomp filter hides the calls.
    host.error = host.error_of_none = ENOSYS;
    EXPECT_EQ(status_of(host, "kernel-identity"), CheckStatus::pass);
    host.files.erase("/proc/sys/kernel/krun_unprivileged");
    EXPECT_EQ(status_of(host, "kernel-identity"), CheckStatus::pass);
    host.error = host.error_of_none = 0;
    host.files.erase("/sys/class/misc/krun/dev");
    EXPECT_EQ(status_of(host, "kernel-identity"), CheckStatus::pass);
}

TEST(Checks, AnotherKernelIsNoneWhateverItsName)
{
    FakeHost host;
    host.become_another_kernel();
    host.release = "6.12.1.krun.abcdef";
    EXPECT_EQ(status_of(host, "kernel-identity"), CheckStatus::missing);
    EXPECT_EQ(status_of(host, "system-calls"), CheckStatus::missing);
    EXPECT_EQ(status_of(host, "counters"), CheckStatus::missing);
    EXPECT_EQ(status_of(host, "device"), CheckStatus::missing);
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::missing);
    EXPECT_FALSE(is_good(host));
    EXPECT_THAT(forbidding(host), ElementsAre("kernel-identity"));
}

// Docker's older filters answer EPERM to system calls that they do not know, on any kernel.
TEST(Checks, ForbiddenCallsProveNothing)
{
    FakeHost host;
    host.become_another_kernel();
    host.error = host.error_of_none = EPERM;
    EXPECT_EQ(status_of(host, "kernel-identity"), CheckStatus::unknown);
    EXPECT_EQ(status_of(host, "system-calls"), CheckStatus::unknown);
}

TEST(Checks, CallsThatAnswerInPartAreBroken)
{
    FakeHost host;
    host.error_of_none = EINVAL;
    EXPECT_EQ(status_of(host, "system-calls"), CheckStatus::fail);
}

TEST(Checks, MissingOptionIsToldApartFromAConfigurationThatCannotBeRead)
{
    FakeHost host;
    host.config = "CONFIG_NO_HZ_FULL=y\n# CONFIG_NO_HZ_FULL_ALL is not set\n";
    expect_only(host, "no-hz-full-all", CheckStatus::missing);
    EXPECT_FALSE(is_good(host));
    host.config.reset();
    expect_only(host, "no-hz-full-all", CheckStatus::unknown);
    EXPECT_TRUE(is_good(host)); // what it leads to was measured
}

TEST(Checks, FewerAdaptiveTickCpusAreAFaultUnlessTheCommandLineChoseThem)
{
    FakeHost host;
    host.files["/sys/devices/system/cpu/nohz_full"] = "2-3\n";
    expect_only(host, "nohz-full-cpus", CheckStatus::fail);
    EXPECT_THAT(forbidding(host), ElementsAre("nohz-full-cpus"));
    for (const char *option : {"nohz_full=2-3", "isolcpus=nohz,domain,2-3"}) {
        host.files["/proc/cmdline"] = std::string("quiet ") + option + "\n";
        expect_only(host, "nohz-full-cpus", CheckStatus::missing);
        EXPECT_FALSE(is_good(host));
        EXPECT_THAT(forbidding(host), IsEmpty());
    }
    host.files["/proc/cmdline"] = "isolcpus=2-3\n"; // that is about the scheduler
    expect_only(host, "nohz-full-cpus", CheckStatus::fail);
}

TEST(Checks, AKernelWithoutAdaptiveTicksLacksThem)
{
    FakeHost host;
    host.files.erase("/sys/devices/system/cpu/nohz_full");
    EXPECT_EQ(status_of(host, "nohz-full-cpus"), CheckStatus::missing);
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::missing);
    host.files["/sys/devices/system/cpu/nohz_full"] = "(null)\n"; // it has them, and leaves them off
    EXPECT_EQ(status_of(host, "nohz-full-cpus"), CheckStatus::fail);
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::fail);
}

TEST(Checks, TheBootCpuAndHolesAreNotExpectedToBeAdaptive)
{
    FakeHost host;
    host.possible = {0, 2, 3, 6};
    host.online = {0, 2, 3, 6};
    host.files["/sys/devices/system/cpu/nohz_full"] = "2-3,6\n";
    expect_only(host, "nohz-full-cpus", CheckStatus::pass);
    EXPECT_EQ(host.busy_cpus.back(), 6);
}

TEST(Checks, OneCpuHasNoAdaptiveTick)
{
    FakeHost host;
    host.possible = {0};
    host.online = {0};
    host.files["/sys/devices/system/cpu/nohz_full"] = "\n";
    EXPECT_EQ(status_of(host, "nohz-full-cpus"), CheckStatus::skip);
    EXPECT_EQ(status_of(host, "tickless"), CheckStatus::skip);
    EXPECT_TRUE(is_good(host));
}

TEST(Checks, WithoutSysNothingPassesForACpuThatNobodyHasSeen)
{
    FakeHost host;
    host.online.clear();
    host.possible.clear();
    host.files.erase("/sys/devices/system/cpu/nohz_full");
    host.files.erase("/sys/class/misc/krun/dev");
    for (const char *id : {"nohz-full-cpus", "counters", "device"})
        EXPECT_EQ(status_of(host, id), CheckStatus::unknown) << id;
    EXPECT_NE(status_of(host, "tickless"), CheckStatus::pass);
    EXPECT_FALSE(is_good(host));
}

TEST(Checks, EachErrorOfTheDeviceHasItsStatusAndRemedy)
{
    std::vector<std::string> remedies;
    for (const auto &[error, status] : {std::pair{ENOENT, CheckStatus::missing},
                                        {EACCES, CheckStatus::unknown},
                                        {EBUSY, CheckStatus::unknown},
                                        {EOPNOTSUPP, CheckStatus::missing},
                                        {EIO, CheckStatus::fail}}) {
        FakeHost host;
        host.device_error = error;
        const CheckResult result = result_of(host, "device");
        EXPECT_EQ(result.status, status) << error;
        EXPECT_EQ(std::count(remedies.begin(), remedies.end(), result.remedy), 0) << result.remedy;
        remedies.push_back(result.remedy);
    }
}

TEST(Checks, ADeviceWithoutItsNodeIsNotAKernelWithoutTheDevice)
{
    FakeHost host;
    host.device_error = ENOENT;
    EXPECT_THAT(result_of(host, "device").detail, HasSubstr("the kernel has the device"));
    host.files.erase("/sys/class/misc/krun/dev");
    EXPECT_EQ(result_of(host, "device").detail, "there is no /dev/krun");
}

TEST(Checks, OfflineCpusAreNotAskedOfTheDeviceButOnlineOnesAre)
{
    FakeHost host;
    host.online = {0, 1, 3};
    EXPECT_EQ(result_of(host, "device").detail, "/dev/krun samples CPU 0-1,3");
    host.device_errors[3] = ENXIO; // it is online
    EXPECT_EQ(status_of(host, "device"), CheckStatus::fail);
    host.device_errors[3] = EBUSY;
    EXPECT_EQ(status_of(host, "device"), CheckStatus::unknown);
}

TEST(Checks, OnlyThoseThatAreAskedForAreMade)
{
    FakeHost host;
    host.timer_interrupts = 300;
    const auto results = check_kernel(host, {{"header", "nohz-full-cpus"}, {}});
    ASSERT_EQ(results.size(), 2U);
    EXPECT_EQ(results[0].id, "nohz-full-cpus");
    EXPECT_TRUE(all_good(results));
    EXPECT_THAT(host.busy_cpus, IsEmpty());
}

TEST(Checks, HeaderIsLookedForInBothPlacesAndNotRequired)
{
    FakeHost host;
    host.files.erase("/usr/include/x86_64-linux-gnu/sys/krun-syscall.h");
    expect_only(host, "header", CheckStatus::missing);
    EXPECT_TRUE(is_good(host));
    EXPECT_THAT(forbidding(host), IsEmpty());
    host.files["/usr/include/sys/krun-syscall.h"] = "#define";
    EXPECT_EQ(status_of(host, "header"), CheckStatus::pass);
}

TEST(Checks, AMachineWithoutCountersIsNotGoodButItsKernelMayBePromoted)
{
    FakeHost host;
    host.error = host.device_error = EOPNOTSUPP;
    EXPECT_EQ(status_of(host, "counters"), CheckStatus::missing);
    EXPECT_FALSE(is_good(host));
    EXPECT_THAT(forbidding(host), IsEmpty());
    host.stuck_mperf_cpu = 1; // one that claims to have them is broken
    host.error = host.device_error = 0;
    EXPECT_THAT(forbidding(host), ElementsAre("counters"));
}

TEST(Checks, NothingButSkipsIsNotGood)
{
    EXPECT_FALSE(all_good({{"a", "a", CheckStatus::skip, "", ""}}));
    EXPECT_FALSE(all_good({}));
}

} // namespace
} // namespace krun
