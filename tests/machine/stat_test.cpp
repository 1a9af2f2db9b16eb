// SPDX-License-Identifier: MIT
// krunctl stat where there are counters: what disturbs a command on purpose is found, and named with its CPU.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "test_kernel.hpp"

namespace
{

using nlohmann::json;
using testing::Contains;
using testing::Not;

class StatInGuest : public WithTestKernel
{
  protected:
    // The report about a command on CPU 3, an adaptive-tick CPU, with what a script does before and meanwhile.
    json beside(const std::string &script, const std::string &command = "/disturb work 1", const std::string &pin = "3")
    {
        const auto ran = boot(
            {"--cpus", "4", "--timeout", "200", "--append", "msr.allow_writes=on", "--copy-in", DISTURB ":/disturb"},
            {"/bin/sh", "-c",
             script + "\nkrunctl stat --json --output /report --pin " + pin + " -- " + command + "\ncat /report"});
        auto report = json::parse(ran.output, nullptr, false);
        EXPECT_TRUE(report.is_object()) << ran.output << ran.errors;
        return report;
    }

    static json verdict_of(const json &report) { return report.at("commands").at(0).at("runs").at(0).at("verdict"); }

    // "CPU 3: timer interrupts"
    static std::vector<std::string> causes(const json &report)
    {
        std::vector<std::string> all;
        const json verdict = verdict_of(report);
        for (const auto &cause : verdict.at("causes"))
            all.push_back("CPU " + std::to_string(cause.at("cpu").get<int>()) + ": " + cause.value("cause", ""));
        return all;
    }

    void expect_found(const std::string &kind, const std::string &cause, const std::string &script)
    {
        const auto report = beside(script);
        EXPECT_EQ(verdict_of(report).value("kind", ""), kind) << report.dump(2);
        EXPECT_THAT(causes(report), Contains(cause));
    }
};

TEST_F(StatInGuest, CountsEveryCpuByTheDevice)
{
    const auto report = beside("");
    EXPECT_EQ(report.at("session").value("way", ""), "device");
    const auto &cpus = report.at("commands").at(0).at("runs").at(0).at("cpus");
    ASSERT_EQ(cpus.size(), 4U);
    const auto &busy = cpus.at(3);
    EXPECT_GT(busy.value("busy_ratio", 0.0), 0.9);
    EXPECT_NEAR(busy.value("aperf_mperf_ratio", 0.0), 1, 0.01);
    EXPECT_GT(busy.value("cycles_count", 0.0), 1e9);
    EXPECT_TRUE(busy.contains("interrupts_count"));
}

TEST_F(StatInGuest, FindsAStormOfTimers)
{
    expect_found("disturbed", "CPU 3: timer interrupts", "/disturb timers 3 &\nsleep 1");
}

TEST_F(StatInGuest, DoesNotMindAStormOnAnotherCpu)
{
    const auto report = beside("/disturb timers 2 &\nsleep 1");
    EXPECT_THAT(causes(report), Not(Contains("CPU 3: timer interrupts")));
    EXPECT_THAT(causes(report), Not(Contains("CPU 2: timer interrupts")));
    EXPECT_GT(report.at("commands")[0]["runs"][0]["cpus"][2]["interrupts_count"].value("timer", 0), 50);
}

TEST_F(StatInGuest, FindsASecondTask)
{
    expect_found("disturbed", "CPU 3: involuntary context switches",
                 "taskset 8 sh -c 'while :; do usleep 10000; done' &\nsleep 1");
}

TEST_F(StatInGuest, FindsSystemManagementInterrupts)
{
    expect_found("disturbed", "CPU 3: system-management interrupts", "(sleep 0.5; /disturb msr 3 0x34 2) &");
}

TEST_F(StatInGuest, FindsThrottling)
{
    expect_found("disturbed", "CPU 3: throttling", "(sleep 0.5; /disturb msr 3 0x19c 2) &");
}

TEST_F(StatInGuest, FindsThatTheCpuWentOffline)
{
    expect_found("unusable", "CPU 3: the CPU was offline",
                 "(sleep 0.5; echo 0 >/sys/devices/system/cpu/cpu3/online) &");
}

TEST_F(StatInGuest, FindsThatTheCpuWasOfflineInBetween)
{
    expect_found("unusable", "CPU 3: counters that did not count through",
                 "(sleep 0.3; cd /sys/devices/system/cpu/cpu3; echo 0 >online; echo 1 >online) &");
}

// isolcpus= takes CPUs from everybody: whoever is left with the others has not been bound to them.
TEST_F(StatInGuest, WithIsolatedCpusACommandIsBoundOnlyIfSomebodyBindsIt)
{
    const auto ran = boot({"--cpus", "4", "--append", "isolcpus=2,3"},
                          {"/bin/sh", "-c",
                           "for by in '' 'taskset 3' 'taskset c' 'taskset 8'; do "
                           "$by krunctl stat --json --output /report -- true; tr -d '\\n' </report; echo; done"});
    std::vector<json> bound;
    std::istringstream lines(ran.output);
    for (std::string line; std::getline(lines, line);)
        bound.push_back(json::parse(line).at("commands").at(0).at("runs").at(0).at("bound_cpus"));
    // By hand to 0 and 1, it may as well have been left alone.
    EXPECT_EQ(bound, (std::vector<json>{json::array(), json::array(), {2, 3}, {3}})) << ran.output << ran.errors;
}

TEST_F(StatInGuest, TellsATickFromADisturbance)
{
    const auto report = beside("", "/disturb work 1", "0");
    EXPECT_THAT(causes(report), Contains("CPU 0: timer interrupts"));
}

} // namespace
