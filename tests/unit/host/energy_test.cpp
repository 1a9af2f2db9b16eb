// SPDX-License-Identifier: MIT
#include "host/energy.hpp"

#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"

namespace krun
{
namespace
{

class EnergyEvents : public testing::Test
{
  protected:
    void SetUp() override
    {
        files.add(pmu + "type", "26\n");
        files.add(pmu + "cpumask", "0,8\n");
        files.add(pmu + "events/energy-pkg", "event=0x02\n");
        files.add(pmu + "events/energy-pkg.scale", "2.3283064365386962890625e-10\n");
        files.add(pmu + "events/energy-pkg.unit", "Joules\n");
    }
    const std::string pmu = "/sys/bus/event_source/devices/power/";
    FakeFilesystem files;
};

TEST_F(EnergyEvents, AreReadAsTheKernelDescribesThem)
{
    files.add(pmu + "events/energy-cores", "event=0x1f\n");
    files.add(pmu + "events/energy-cores.scale", "0.5\n");
    files.add(pmu + "events/energy-cores.unit", "Joules\n");
    const auto events = find_energy_events(files);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].domain, "cores");
    EXPECT_EQ(events[0].config, 0x1fU);
    EXPECT_EQ(events[0].joules_per_count, 0.5);
    EXPECT_EQ(events[1].domain, "pkg");
    EXPECT_EQ(events[1].type, 26U);
    EXPECT_EQ(events[1].config, 2U);
    EXPECT_DOUBLE_EQ(events[1].joules_per_count, 2.3283064365386962890625e-10);
    EXPECT_EQ(events[1].cpus, std::vector<int>({0, 8}));
}

TEST_F(EnergyEvents, AreOnEveryPackageAndDie)
{
    files.add(pmu + "cpumask", "0-1,32,48\n");
    EXPECT_EQ(find_energy_events(files).at(0).cpus, std::vector<int>({0, 1, 32, 48}));
}

TEST_F(EnergyEvents, ThatNobodyCouldUseAreLeftOut)
{
    const auto add = [&](const std::string &name, const std::string &code, const std::string &scale,
                         const std::string &unit) {
        files.add(pmu + "events/" + name, code);
        if (!scale.empty())
            files.add(pmu + "events/" + name + ".scale", scale);
        if (!unit.empty())
            files.add(pmu + "events/" + name + ".unit", unit);
    };
    add("energy-ram", "umask=0x02\n", "0.5\n", "Joules\n");
    add("energy-gpu", "event=0x04\n", "", "Joules\n");
    add("energy-psys", "event=0x05\n", "0\n", "Joules\n");
    add("energy-a", "event=0x06,umask=0x01\n", "1\n", "Joules\n"); // code 6 alone would be another event
    add("energy-b", "event=\n", "1\n", "Joules\n");
    add("energy-c", "event=0x07\n", "1\n", "mWh\n");
    add("energy-d", "event=0x08\n", "1\n", ""); // of what?
    add("other", "event=0x09\n", "1\n", "Joules\n");
    const auto events = find_energy_events(files);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].domain, "pkg");
}

TEST_F(EnergyEvents, AreNoneWithoutThePmuItsTypeOrItsCpus)
{
    FakeFilesystem none;
    EXPECT_TRUE(find_energy_events(none).empty());
    files.add(pmu + "type", "?\n");
    EXPECT_TRUE(find_energy_events(files).empty());
    files.add(pmu + "type", "26\n");
    for (const auto *mask : {"", "\n", "x"}) {
        files.add(pmu + "cpumask", mask);
        EXPECT_TRUE(find_energy_events(files).empty()) << mask;
    }
}

TEST(Energy, WhatCannotBeOpenedIsNotRead)
{
    // No PMU has this type, and no machine this CPU.
    const Energy energy({{"pkg", 0x7fffffff, 0, 1, {0, 1 << 20}}});
    EXPECT_NE(energy.error(), 0);
    EXPECT_TRUE(energy.read().empty());
    EXPECT_EQ(Energy({}).error(), 0);
}

TEST(AddEnergy, IsTheDifferenceOfEachDomainOfEachPackage)
{
    std::vector<EnergyReading> sum;
    const std::vector<EnergyReading> before = {{"pkg", 0, 10}, {"pkg", 8, 20}, {"ram", 0, 1}};
    add_energy(sum, before, {{"pkg", 0, 11.5}, {"pkg", 8, 20.25}, {"ram", 0, 1}});
    ASSERT_EQ(sum.size(), 3U);
    EXPECT_EQ(sum[1].cpu, 8);
    EXPECT_DOUBLE_EQ(sum[0].joules, 1.5);
    EXPECT_DOUBLE_EQ(sum[1].joules, 0.25);
    EXPECT_DOUBLE_EQ(sum[2].joules, 0);
    add_energy(sum, before, {{"pkg", 8, 21}}); // another window
    ASSERT_EQ(sum.size(), 3U);
    EXPECT_DOUBLE_EQ(sum[0].joules, 1.5);
    EXPECT_DOUBLE_EQ(sum[1].joules, 1.25);
}

TEST(AddEnergy, WithoutABeginningThereIsNoDifference)
{
    std::vector<EnergyReading> sum;
    add_energy(sum, {{"pkg", 0, 10}}, {{"pkg", 1, 12}, {"ram", 0, 3}});
    EXPECT_TRUE(sum.empty());
}

} // namespace
} // namespace krun
