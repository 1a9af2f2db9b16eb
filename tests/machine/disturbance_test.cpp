// SPDX-License-Identifier: MIT
// Disturbances made on purpose on the busy CPU of a guest: `krunctl check` must find each, and name it.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "test_kernel.hpp"

using testing::HasSubstr;

class DisturbanceFound : public WithTestKernel
{
  protected:
    // What the check says of a CPU that computes, beside what the script starts. CPU 3 is the busy one.
    nlohmann::json beside(const std::string &script)
    {
        const auto ran = boot({"--timeout", "200"}, {"/bin/sh", "-c", script + "\nkrunctl check --json"});
        const auto report = nlohmann::json::parse(ran.output, nullptr, false);
        EXPECT_TRUE(report.is_object()) << ran.output << ran.errors;
        for (const auto &check : report.value("checks", nlohmann::json::array()))
            if (check["id"] == "tickless")
                return check;
        return {};
    }

    void expect_found(const std::string &script, const std::vector<std::string> &named)
    {
        const auto check = beside(script);
        EXPECT_EQ(check.value("status", ""), "fail");
        for (const auto &name : named)
            EXPECT_THAT(check.value("detail", ""), HasSubstr(name));
    }
};

TEST_F(DisturbanceFound, ATaskWithATimer)
{
    expect_found("taskset 8 sh -c 'while :; do usleep 50000; done' &",
                 {"LOC ", "preemptions", "the tick is held by SCHED", "task usleep"});
}

TEST_F(DisturbanceFound, AWorkItem)
{
    expect_found("taskset 1 sh -c 'while :; do echo 1 >/proc/sys/vm/stat_refresh; usleep 50000; done' &",
                 {"task kworker/3:", "work item refresh_vm_stats"});
}

TEST_F(DisturbanceFound, ADevice)
{
    expect_found("echo 8 >/proc/irq/4/smp_affinity\n"
                 "taskset 1 sh -c 'while :; do echo x >/dev/ttyS0; usleep 50000; done' &",
                 {"(IO-APIC 4-edge ttyS0)", "device interrupt 4 (ttyS0)"});
}

TEST_F(DisturbanceFound, AStormOfSamples)
{
    expect_found("taskset 1 krunctl watch --interval 0.05 --count 100000 >/dev/null &\nsleep 1",
                 {"CAL ", "a sample of Krun's"});
}
