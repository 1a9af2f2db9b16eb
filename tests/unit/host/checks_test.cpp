// SPDX-License-Identifier: MIT
// A host that answers as each kind of machine would, and what the checks make of it.
#include "host/checks.hpp"

#include <algorithm>
#include <cerrno>
#include <gtest/gtest.h>
#include <map>

#include "report/check_report.hpp"

namespace krun
{

namespace
{

// Out of the box a Krun kernel with four CPUs on which all is well.
class FakeHost : public Host
{
  public:
    std::string release = "6.12.1.krun.abcdef";
    std::optional<std::string> config = "CONFIG_NO_HZ_FULL=y\nCONFIG_NO_HZ_FULL_ALL=y\n";
    std::map<std::string, std::string> files = {
        {"/sys/devices/system/cpu/nohz_full", "1-3\n"},
        {"/usr/include/x86_64-linux-gnu/sys/krun-syscall.h", "#define"},
    };
    std::vector<int> online = {0, 1, 2, 3};
    int possible = 4;
    int error = 0;         // of a call for at least one CPU
    int error_of_none = 0; // of a call for no CPU
    int device_error = 0;
    int stuck_mperf_cpu = -1;
    std::optional<std::uint64_t> timer_interrupts = 3;
    std::vector<std::uint64_t> disturbed_windows; // the counts of the first ones, where they differ
    int busy_cpu = -1;                            // which one the tick was counted on
    std::size_t windows = 0;                      // how often

    std::string kernel_release() override { return release; }
    std::optional<std::string> kernel_config() override { return config; }
    std::optional<std::string> file(const std::string &path) override
    {
        const auto found = files.find(path);
        return found == files.end() ? std::nullopt : std::optional(found->second);
    }
    std::vector<int> online_cpus() override { return online; }
    int possible_cpus() override { return possible; }
    int configure_counters(int cpus) override { return cpus == 0 ? error_of_none : error; }
    int reset_counters(int cpus) override { return configure_counters(cpus); }
    int read_counters(int cpus, CounterReading &reading) override
    {
        time_ += 100;
        for (auto *counter : {&reading.aperf, &reading.mperf, &reading.cycles})
            counter->assign(static_cast<std::size_t>(cpus), time_);
        if (stuck_mperf_cpu >= 0 && stuck_mperf_cpu < cpus)
            reading.mperf[static_cast<std::size_t>(stuck_mperf_cpu)] = 5;
        return configure_counters(cpus);
    }
    int sample_device() override { return device_error; }
    void keep_busy(const std::vector<int> & /*cpus*/, double /*seconds*/) override {}
    std::optional<std::uint64_t> timer_interrupts_while_busy(int cpu, double /*seconds*/) override
    {
        busy_cpu = cpu;
        const std::size_t window = windows++;
        return window < disturbed_windows.size() ? disturbed_windows[window] : timer_interrupts;
    }

  private:
    std::uint64_t time_ = 0;
};

CheckResult result_of(FakeHost &host, const std::string &id)
{
    const auto results = check_kernel(host);
    const auto found = std::find_if(results.begin(), results.end(), [&](const auto &one) { return one.id == id; });
    return found == results.end() ? CheckResult{} : *found;
}

void expect_only_failure(FakeHost &host, const std::string &id)
{
    for (const CheckResult &result : check_kernel(host)) {
        EXPECT_EQ(result.status, result.id == id ? CheckStatus::fail : CheckStatus::pass) << result.id;
        EXPECT_EQ(result.remedy.empty(), result.status == CheckStatus::pass) << result.id;
    }
}

} // namespace

TEST(Checks, AllPassOnAGoodKernel)
{
    FakeHost host;
    const auto results = check_kernel(host);
    EXPECT_EQ(results.size(), 8U);
    EXPECT_TRUE(all_good(results));
    for (const CheckResult &result : results)
        EXPECT_EQ(result.status, CheckStatus::pass) << result.id;
}

TEST(Checks, AnotherKernelsIdentityFails)
{
    FakeHost host;
    host.release = "6.12.1-amd64";
    expect_only_failure(host, "kernel-identity");
}

TEST(Checks, MissingOptionFailsAndMissingConfigIsSkipped)
{
    FakeHost host;
    host.config = "CONFIG_NO_HZ_FULL=y\n# CONFIG_NO_HZ_FULL_ALL is not set\n";
    expect_only_failure(host, "no-hz-full-all");
    host.config.reset();
    EXPECT_EQ(result_of(host, "no-hz-full-all").status, CheckStatus::skip);
    EXPECT_TRUE(all_good(check_kernel(host)));
}

TEST(Checks, FewerAdaptiveTickCpusFail)
{
    FakeHost host;
    host.files["/sys/devices/system/cpu/nohz_full"] = "2-3\n";
    expect_only_failure(host, "nohz-full-cpus");
}

TEST(Checks, OneCpuHasNoAdaptiveTick)
{
    FakeHost host;
    host.possible = 1;
    host.online = {0};
    host.files["/sys/devices/system/cpu/nohz_full"] = "\n";
    EXPECT_EQ(result_of(host, "nohz-full-cpus").status, CheckStatus::skip);
    EXPECT_EQ(result_of(host, "tickless").status, CheckStatus::skip);
    EXPECT_TRUE(all_good(check_kernel(host)));
}

TEST(Checks, KernelWithoutTheCallsFailsWithTheReason)
{
    FakeHost host;
    host.error = host.error_of_none = ENOSYS;
    EXPECT_EQ(result_of(host, "system-calls").status, CheckStatus::fail);
    EXPECT_EQ(result_of(host, "counters").detail, "this kernel has no Krun system calls");
    EXPECT_FALSE(all_good(check_kernel(host)));
}

TEST(Checks, EachErrnoHasItsOwnRemedy)
{
    FakeHost host;
    std::vector<std::string> remedies;
    for (const int error : {ENOSYS, EPERM, ENXIO, EOPNOTSUPP, EBUSY, EINTR}) {
        host.error = error;
        const CheckResult result = result_of(host, "counters");
        EXPECT_EQ(result.status, CheckStatus::fail);
        EXPECT_EQ(std::count(remedies.begin(), remedies.end(), result.remedy), 0) << result.remedy;
        remedies.push_back(result.remedy);
    }
}

TEST(Checks, CounterThatStandsStillIsNamedWithItsCpu)
{
    FakeHost host;
    host.stuck_mperf_cpu = 2;
    expect_only_failure(host, "counters");
    EXPECT_EQ(result_of(host, "counters").detail, "does not increase: MPERF on CPU 2");
}

TEST(Checks, ADeviceThatDoesNotSampleFailsWithTheReason)
{
    FakeHost host;
    std::vector<std::string> remedies;
    for (const int error : {ENOENT, EACCES, EBUSY, EOPNOTSUPP}) {
        host.device_error = error;
        expect_only_failure(host, "device");
        const auto remedy = result_of(host, "device").remedy;
        EXPECT_EQ(std::count(remedies.begin(), remedies.end(), remedy), 0) << remedy;
        remedies.push_back(remedy);
    }
}

TEST(Checks, TheLimitOfTimerInterruptsIsOneASecond)
{
    FakeHost host;
    host.timer_interrupts = 3; // in three seconds
    EXPECT_EQ(result_of(host, "tickless").status, CheckStatus::pass);
    host.timer_interrupts = 4;
    expect_only_failure(host, "tickless");
    host.timer_interrupts.reset();
    EXPECT_EQ(result_of(host, "tickless").status, CheckStatus::skip);
}

TEST(Checks, ADisturbedWindowIsCountedAgain)
{
    FakeHost host;
    host.disturbed_windows = {5, 4};
    EXPECT_EQ(result_of(host, "tickless").detail, "1.0 local-timer interrupts a second on busy CPU 3 (limit 1)");
    EXPECT_EQ(host.windows, 3);
}

TEST(Checks, ATickInEveryWindowIsReportedWithTheLowestRate)
{
    FakeHost host;
    host.disturbed_windows = {300, 9, 6};
    const CheckResult result = result_of(host, "tickless");
    EXPECT_EQ(result.status, CheckStatus::fail);
    EXPECT_EQ(result.detail, "2.0 local-timer interrupts a second on busy CPU 3 (limit 1)");
    EXPECT_EQ(host.windows, 3);
}

TEST(Checks, TheTickIsCountedOnAnAdaptiveTickCpuThatIsOnline)
{
    FakeHost host;
    host.online = {0, 1, 2};
    check_kernel(host);
    EXPECT_EQ(host.busy_cpu, 2);
    host.online = {0};
    EXPECT_EQ(result_of(host, "tickless").status, CheckStatus::fail);
}

TEST(Checks, HeaderIsLookedForInBothPlaces)
{
    FakeHost host;
    host.files.erase("/usr/include/x86_64-linux-gnu/sys/krun-syscall.h");
    expect_only_failure(host, "header");
    host.files["/usr/include/sys/krun-syscall.h"] = "#define";
    EXPECT_EQ(result_of(host, "header").status, CheckStatus::pass);
}

TEST(Checks, NothingButSkipsIsNotGood)
{
    EXPECT_FALSE(all_good({{"a", "a", CheckStatus::skip, "", ""}}));
    EXPECT_FALSE(all_good({}));
}

TEST(CheckReport, JsonHasTheVerdictAndEachCheck)
{
    FakeHost host;
    host.release = "6.1.0";
    const auto json = check_json(host.release, check_kernel(host));
    EXPECT_EQ(json.at("kernel"), "6.1.0");
    EXPECT_EQ(json.at("passed"), false);
    EXPECT_EQ(json.at("checks").at(0).at("id"), "kernel-identity");
    EXPECT_EQ(json.at("checks").at(0).at("status"), "fail");
    EXPECT_EQ(json.at("checks").at(1).at("status"), "pass");
}

TEST(CheckReport, TextHasTheRemedyBelowABadCheckOnly)
{
    const std::string text = check_report(
        {{"a", "first", CheckStatus::pass, "fine", ""}, {"b", "second", CheckStatus::fail, "broken", "mend it"}});
    EXPECT_EQ(text, "pass  first: fine\nfail  second: broken\n      -> mend it\n");
}

} // namespace krun
