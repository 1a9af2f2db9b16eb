// SPDX-License-Identifier: MIT
// `krunctl bench` where every way is there: on a Krun kernel with four CPUs and a PMU. Nothing here is about time,
// which emulation says nothing of; interrupts are counted, and those are the kernel's.
#include <algorithm>
#include <gmock/gmock.h>
#include <map>
#include <nlohmann/json.hpp>

#include "test_kernel.hpp"

namespace
{

using nlohmann::json;
using testing::AllOf;
using testing::Contains;
using testing::Ge;
using testing::IsSupersetOf;
using testing::Le;

class BenchInGuest : public WithTestKernel
{
  protected:
    json bench(const std::string &arguments, const std::string &before = {})
    {
        const auto ran = boot({"--cpus", "4", "--timeout", "240"},
                              {"sh", "-c", before + "krunctl bench --readings 400 --json " + arguments});
        EXPECT_EQ(ran.status, 0) << ran.errors;
        auto report = json::parse(ran.output, nullptr, false);
        EXPECT_TRUE(report.is_object()) << ran.output;
        return report;
    }
};

std::map<std::string, json> ways_of(const json &report)
{
    std::map<std::string, json> ways;
    for (const auto &way : report.at("ways"))
        ways[way.at("name").get<std::string>() + ", " + way.at("scope").get<std::string>()] = way;
    return ways;
}

double interrupts(const json &way) { return way.at("other_cpus").at("caused_interrupts_per_reading"); }

TEST_F(BenchInGuest, EveryWayIsThereWithItsCountersAndItsInterrupts)
{
    const auto report = bench("");
    EXPECT_EQ(report.at("machine").at("emulated"), true);
    EXPECT_EQ(report.at("cpu"), 3);
    auto ways = ways_of(report);
    for (const char *name : {"device, CPUs", "device rendezvous, CPUs", "device idle-snapshot, CPUs", "calls, CPUs",
                             "perf, CPUs", "msr, CPUs", "tsc, CPUs", "device, thread", "perf, thread",
                             "perf in-place, thread", "msr, thread", "tsc, thread"}) {
        ASSERT_TRUE(ways.count(name)) << name;
        EXPECT_FALSE(ways[name].contains("error")) << name;
        EXPECT_EQ(ways[name].at("cpus_count"), std::string(name).ends_with("CPUs") ? 4 : 0) << name;
    }
    for (const char *name : {"device, CPUs", "device, thread", "perf, CPUs", "perf, thread"})
        EXPECT_THAT(ways[name].at("counters").get<std::vector<std::string>>(),
                    IsSupersetOf({"aperf", "mperf", "cycles", "instructions"}))
            << name;
    // One interrupt a CPU and reading; of the node's, one for each register.
    for (const char *name : {"device, CPUs", "calls, CPUs"})
        EXPECT_THAT(interrupts(ways[name]), AllOf(Ge(2.5), Le(3.5))) << name;
    EXPECT_GE(interrupts(ways["msr, CPUs"]), 5.5);
    for (const char *name : {"device idle-snapshot, CPUs", "device, thread", "perf, thread", "tsc, CPUs"})
        EXPECT_LE(interrupts(ways[name]), 0.5) << name;
}

TEST_F(BenchInGuest, AnOfflineCpuIsNotRead)
{
    const auto report = bench("--way device", "echo 0 >/sys/devices/system/cpu/cpu2/online; ");
    auto ways = ways_of(report);
    EXPECT_EQ(report.at("machine").at("online_cpus"), json({0, 1, 3}));
    EXPECT_EQ(ways["device, CPUs"].at("cpus_count"), 3);
    EXPECT_THAT(interrupts(ways["device, CPUs"]), AllOf(Ge(1.5), Le(2.5)));
}

TEST_F(BenchInGuest, WithoutPermissionTheTscIsLeftAndTheOthersSayWhy)
{
    const auto ran = boot({}, {"sh", "-c",
                               "echo 4 >/proc/sys/kernel/perf_event_paranoid; "
                               "su -s /bin/sh nobody -c 'krunctl bench --readings 50 --json'"});
    EXPECT_EQ(ran.status, 0) << ran.errors;
    const auto report = json::parse(ran.output);
    std::map<std::string, std::string> remedies;
    for (const auto &missing : report.at("not_usable"))
        remedies[missing.at("name")] += missing.at("remedy");
    for (const char *name : {"device", "calls", "msr"})
        EXPECT_FALSE(remedies[name].empty()) << name;
    EXPECT_TRUE(ways_of(report).count("tsc, CPUs"));
}

} // namespace
