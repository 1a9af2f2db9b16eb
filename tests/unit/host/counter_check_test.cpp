// SPDX-License-Identifier: MIT
// Which CPUs' counters were seen to increase, by which way, and of which nothing is known.
#include "host/checks.hpp"

#include <algorithm>
#include <cerrno>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_host.hpp"

namespace krun
{

namespace
{

using testing::HasSubstr;

void expect_result(FakeHost &host, CheckStatus status, const std::string &detail)
{
    const CheckResult result = check_counters(host);
    EXPECT_EQ(result.status, status) << result.detail;
    EXPECT_THAT(result.detail, HasSubstr(detail));
    EXPECT_EQ(result.remedy.empty(), status == CheckStatus::pass);
}

} // namespace

TEST(CounterCheck, EveryOnlineCpuIsMeasuredAlsoBehindOneThatIsOffline)
{
    for (const std::vector<int> &online : {std::vector{0, 1, 2, 3}, {0, 1, 3}, {0, 3}, {0}, {1, 2}}) {
        FakeHost host;
        host.online = online;
        const CheckResult result = check_counters(host);
        EXPECT_EQ(result.status, CheckStatus::pass) << result.detail;
    }
    FakeHost host;
    host.online = {0, 1, 3};
    EXPECT_EQ(check_counters(host).detail, "APERF, MPERF and core cycles increase on CPU 0-1,3");
}

TEST(CounterCheck, WithoutTheDeviceCpusBehindAHoleAreUnknown)
{
    FakeHost host;
    host.device_error = EACCES;
    host.online = {0, 1, 3};
    expect_result(host, CheckStatus::unknown, "CPU 3 not measured: no permission to open /dev/krun");
    host.online = {0, 1}; // no hole
    expect_result(host, CheckStatus::pass,
                  "increase on CPU 0-1 (by the system calls only: no permission to open /dev/krun");
}

TEST(CounterCheck, TheDeviceIsEnoughWhereTheCallsAreForbidden)
{
    FakeHost host;
    host.error = EPERM;
    expect_result(host, CheckStatus::pass, "on CPU 0-3 (by /dev/krun only; the system calls: not permitted)");
    host.device_error = EACCES;
    expect_result(host, CheckStatus::unknown, "not permitted");
}

TEST(CounterCheck, CounterThatStandsStillIsNamedWithItsCpu)
{
    FakeHost host;
    host.stuck_mperf_cpu = 2;
    expect_result(host, CheckStatus::fail, "does not increase: MPERF on CPU 2");
    host.online = {0, 2}; // only the device reaches it
    expect_result(host, CheckStatus::fail, "does not increase: MPERF on CPU 2");
}

TEST(CounterCheck, AnIdleCpuThatStandsStillSaysNothing)
{
    FakeHost host;
    host.not_busy[2] = EINVAL;
    expect_result(host, CheckStatus::pass, "on CPU 0-3"); // something else kept it busy
    host.idle_cpus_stand_still = true;
    expect_result(host, CheckStatus::unknown, "CPU 2 not measured: this program could not keep it busy");
}

TEST(CounterCheck, MissingIsToldApartFromBrokenAndUnknown)
{
    for (const auto &[error, status] : {std::pair{ENOSYS, CheckStatus::missing},
                                        {EOPNOTSUPP, CheckStatus::missing},
                                        {EPERM, CheckStatus::unknown},
                                        {EBUSY, CheckStatus::unknown},
                                        {EFAULT, CheckStatus::fail}}) {
        FakeHost host;
        host.error = error;
        host.device_error = error == ENOSYS ? ENOENT : error;
        EXPECT_EQ(check_counters(host).status, status) << error;
    }
}

TEST(CounterCheck, AnErrorThatNobodyExpectsFailsThoughTheOtherWayWorks)
{
    FakeHost host;
    host.error = EFAULT;
    expect_result(host, CheckStatus::fail, "Bad address");
}

TEST(CounterCheck, OneCpuWithoutACounterLeftIsNamed)
{
    FakeHost host;
    host.error = EPERM;
    host.device_errors[1] = EBUSY;
    expect_result(host, CheckStatus::unknown, "CPU 1 not measured: all hardware counters are taken");
}

TEST(CounterCheck, ACpuThatGoesOfflineMeanwhileIsMeasuredAgainWithout)
{
    FakeHost host;
    host.meanwhile = [&] { host.online = {0, 1, 2}; };
    expect_result(host, CheckStatus::pass, "on CPU 0-2");
    // One that comes and goes all the time.
    host.meanwhile = [&] { host.online = host.online.size() == 3 ? std::vector{0, 1} : std::vector{0, 1, 2}; };
    expect_result(host, CheckStatus::unknown, "CPUs come and go");
}

} // namespace krun
