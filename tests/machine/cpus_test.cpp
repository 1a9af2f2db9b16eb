// SPDX-License-Identifier: MIT
// `krunctl check` and `krunctl watch` on a Krun kernel whose CPUs are not all there, or not all to be had.
#include <algorithm>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "test_kernel.hpp"

namespace
{

using nlohmann::json;
using testing::HasSubstr;

class Cpus : public WithTestKernel
{
  protected:
    // In a guest with four CPUs.
    Ran guest(const std::string &script, const std::string &append = {}) const
    {
        return boot(
            {"--cpus", "4", "--timeout", "240", "--append", append, "--copy-in", REFUSE_AFFINITY ":/refuse_affinity"},
            {"sh", "-c", script});
    }
};

// The statuses by the checks' ids.
std::map<std::string, std::string> statuses(const Ran &ran)
{
    std::map<std::string, std::string> found;
    const auto report = json::parse(ran.output, nullptr, false);
    if (report.is_discarded()) {
        ADD_FAILURE() << ran.output << ran.errors;
        return found;
    }
    for (const auto &check : report.at("checks"))
        found[check.at("id")] = check.at("status");
    return found;
}

std::string detail(const Ran &ran, const std::string &id)
{
    const auto report = json::parse(ran.output);
    for (const auto &check : report.at("checks"))
        if (check.at("id") == id)
            return check.at("detail");
    return {};
}

std::vector<json> readings(const std::string &output)
{
    std::vector<json> found;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);)
        found.push_back(json::parse(line));
    return found;
}

// Which CPUs a reading has counts of.
std::vector<unsigned> cpus_of(const json &reading)
{
    std::vector<unsigned> cpus;
    for (const auto &cpu : reading.at("cpus"))
        if (cpu.contains("aperf_count"))
            cpus.push_back(cpu.at("cpu"));
    return cpus;
}

// What a reading says of a CPU.
std::string status_of(const json &reading, unsigned number)
{
    for (const auto &cpu : reading.at("cpus"))
        if (cpu.at("cpu") == number)
            return cpu.at("status");
    return "not there";
}

using Numbers = std::vector<unsigned>;

constexpr const char *offline = "echo 0 >/sys/devices/system/cpu/cpu2/online; ";

TEST_F(Cpus, CheckMeasuresThoseThatAreOnline)
{
    const Ran ran = guest(std::string(offline) + "krunctl check --json");
    EXPECT_EQ(ran.status, 0) << ran.output << ran.errors;
    const auto found = statuses(ran);
    for (const char *id : {"kernel-identity", "nohz-full-cpus", "system-calls", "counters", "device", "tickless"})
        EXPECT_EQ(found.at(id), "pass") << id;
    EXPECT_EQ(found.at("header"), "missing"); // and yet the status is 0
    EXPECT_THAT(detail(ran, "counters"), HasSubstr("on CPU 0-1,3"));
    EXPECT_THAT(detail(ran, "device"), HasSubstr("CPU 0-1,3"));
}

TEST_F(Cpus, NothingPassesForAdaptiveTickCpusThatAreAllOffline)
{
    const Ran ran =
        guest("for cpu in 1 2 3; do echo 0 >/sys/devices/system/cpu/cpu$cpu/online; done; krunctl check --json");
    EXPECT_EQ(ran.status, 1) << ran.errors;
    const auto found = statuses(ran);
    EXPECT_EQ(found.at("counters"), "pass");
    EXPECT_EQ(found.at("nohz-full-cpus"), "pass");
    EXPECT_EQ(found.at("tickless"), "unknown");
}

TEST_F(Cpus, ARefusedAffinityIsNoPass)
{
    const Ran ran = guest("/refuse_affinity krunctl check --json");
    if (ran.status == 77)
        GTEST_SKIP() << "this kernel has no seccomp filters";
    EXPECT_EQ(ran.status, 1) << ran.errors;
    EXPECT_EQ(statuses(ran).at("tickless"), "unknown");
    EXPECT_THAT(detail(ran, "tickless"), HasSubstr("could not be measured"));
}

// As containers hide it.
TEST_F(Cpus, HiddenInterruptsAreNoPass)
{
    const Ran ran = guest("mount -o bind /dev/null /proc/interrupts && krunctl check --json");
    EXPECT_EQ(ran.status, 1) << ran.errors;
    EXPECT_EQ(statuses(ran).at("tickless"), "unknown");
    EXPECT_THAT(detail(ran, "tickless"), HasSubstr("/proc/interrupts"));
}

// As in most virtual machines.
TEST_F(Cpus, WithoutAperfWatchShowsTheRestAndWhatIsMissing)
{
    const Ran ran = guest("krunctl watch --json --count 2 --interval 0.2", "clearcpuid=aperfmperf");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_THAT(ran.errors, HasSubstr("krunctl: note: device does not count aperf, mperf"));
    for (const auto &reading : readings(ran.output)) {
        ASSERT_EQ(reading.at("cpus").size(), 4U);
        for (const auto &cpu : reading["cpus"]) {
            EXPECT_FALSE(cpu.contains("aperf_count") || cpu.contains("frequency_hz"));
            EXPECT_GT(cpu.at("cycles_count"), 0);
            EXPECT_GE(cpu.at("interrupts_per_s"), 0);
        }
    }
}

// A task that computes and is alone on an adaptive-tick CPU.
TEST_F(Cpus, WatchShowsWhoIsBusyAndWhoIsInterrupted)
{
    const Ran ran = guest("taskset 8 sh -c 'while :; do :; done' & sleep 2; krunctl watch --json --count 2");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    const auto found = readings(ran.output);
    ASSERT_EQ(found.size(), 2U);
    const auto &cpus = found.back().at("cpus");
    ASSERT_EQ(cpus.size(), 4U);
    EXPECT_GT(cpus[3].at("busy_ratio"), 0.9);
    EXPECT_LT(cpus[1].at("busy_ratio"), 0.9);
    EXPECT_GT(cpus[0].at("interrupts_per_s"), cpus[3].at("interrupts_per_s")); // the tick
    EXPECT_NEAR(cpus[3].at("aperf_mperf_ratio").get<double>(), 1.0, 0.01);
}

TEST_F(Cpus, WithoutCountersTheyAreMissingAndNothingIsBroken)
{
    const Ran ran = guest("krunctl check --json", "clearcpuid=aperfmperf");
    EXPECT_EQ(ran.status, 1) << ran.errors;
    const auto found = statuses(ran);
    for (const char *id : {"kernel-identity", "nohz-full-cpus", "system-calls", "tickless"})
        EXPECT_EQ(found.at(id), "pass") << id;
    for (const char *id : {"counters", "device"})
        EXPECT_EQ(found.at(id), "missing") << id;
}

TEST_F(Cpus, AdaptiveTickCpusThatTheCommandLineChoseAreMeasuredAndNotBroken)
{
    const Ran ran = guest("krunctl check --json", "nohz_full=1");
    EXPECT_EQ(ran.status, 1) << ran.errors;
    EXPECT_EQ(statuses(ran).at("nohz-full-cpus"), "missing");
    EXPECT_EQ(statuses(ran).at("tickless"), "pass");
    EXPECT_THAT(detail(ran, "tickless"), HasSubstr("on busy CPU 1 "));
}

TEST_F(Cpus, WatchShowsThoseThatAreOnline)
{
    const Ran ran =
        guest(std::string(offline) + "krunctl watch --json --count 2 --interval 0.1 && krunctl watch --count 1 >&2");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    const auto found = readings(ran.output);
    ASSERT_EQ(found.size(), 2U);
    for (const auto &reading : found) {
        EXPECT_EQ(cpus_of(reading), (Numbers{0, 1, 3}));
        EXPECT_EQ(reading.at("session").at("way"), "device");
    }
    EXPECT_THAT(ran.errors, testing::Not(HasSubstr("\n  2 ")));
    EXPECT_THAT(ran.errors, HasSubstr("\n  3 "));
}

// Only /dev/krun needs no new session.
TEST_F(Cpus, WatchGoesOnWhenOneGoesOfflineAndComesBack)
{
    for (const std::string way : {"device", "calls", "perf", "msr"}) {
        const Ran ran = guest("krunctl watch --json --count 16 --interval 0.25 --way " + way + " & sleep 1; " +
                              std::string(offline) + "sleep 1; echo 1 >/sys/devices/system/cpu/cpu2/online; wait $!");
        EXPECT_EQ(ran.status, 0) << way << ran.errors;
        const auto found = readings(ran.output);
        ASSERT_EQ(found.size(), 16U) << way;
        EXPECT_EQ(cpus_of(found.front()), (Numbers{0, 1, 2, 3})) << way;
        EXPECT_EQ(cpus_of(found.back()), (Numbers{0, 1, 2, 3})) << way;
        const auto without = std::count_if(found.begin(), found.end(), [&](const json &reading) {
            const auto seen = way == "calls" ? Numbers{0, 1} : Numbers{0, 1, 3};
            return cpus_of(reading) == seen && status_of(reading, 2) == "offline";
        });
        EXPECT_GT(without, 0) << way << ran.output;
    }
}

// The system calls alone: allowed to everybody, and the device is root's.
TEST_F(Cpus, WithoutTheDeviceWatchSaysWhichCpusItDoesNotReach)
{
    const Ran ran =
        guest(std::string(offline) + "echo 1 >/proc/sys/kernel/krun_unprivileged; chmod 0600 /dev/krun; "
                                     "su -s /bin/sh nobody -c 'krunctl watch --json --count 1; krunctl check >&2'");
    EXPECT_EQ(ran.status, 1) << ran.errors;
    const auto found = readings(ran.output);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(cpus_of(found[0]), (Numbers{0, 1}));
    EXPECT_EQ(found[0].at("session").at("way"), "calls");
    EXPECT_EQ(status_of(found[0], 3), "not reached");
    EXPECT_THAT(ran.errors, HasSubstr("note: not using device: /dev/krun may not be opened\nhint: "));
    EXPECT_THAT(ran.errors, HasSubstr("unknown  every counter increases on every CPU: CPU 3 not measured"));
    EXPECT_THAT(ran.errors, HasSubstr("unknown  the device samples every CPU: no permission to open /dev/krun"));
}

} // namespace
