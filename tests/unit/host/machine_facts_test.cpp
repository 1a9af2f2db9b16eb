// SPDX-License-Identifier: MIT
#include "host/machine_facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class MachineFactsTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        files.add("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Some CPU: fast\nmicrocode\t: 0x2a\n\n"
                                   "processor\t: 1\nmodel name\t: Another\n");
        files.add("/sys/devices/system/cpu/online", "0-2\n");
        files.add("/sys/devices/system/cpu/nohz_full", "1-2\n");
        files.add("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
        files.add("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
        files.add("/sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI\n");
        files.add("/sys/devices/system/cpu/vulnerabilities/mds", "Not affected\n");
    }
    FakeFilesystem files;
};

TEST_F(MachineFactsTest, IsWhatTheKernelSays)
{
    const auto facts = machine_facts(files, "");
    EXPECT_EQ(facts.cpu_model, "Some CPU: fast");
    EXPECT_EQ(facts.microcode, "0x2a");
    EXPECT_THAT(facts.online, ElementsAre(0, 1, 2));
    EXPECT_THAT(facts.adaptive_tick, ElementsAre(1, 2));
    EXPECT_EQ(facts.clock_source, "tsc");
    EXPECT_EQ(facts.governor, "performance");
    EXPECT_THAT(facts.mitigations, ElementsAre(Pair("mds", "Not affected"), Pair("meltdown", "Mitigation: PTI")));
    EXPECT_FALSE(facts.kernel.empty());
}

TEST_F(MachineFactsTest, ThatHidesItsFilesHasNoFacts)
{
    files.contents.clear();
    files.directories = {"/"};
    const auto facts = machine_facts(files, "");
    EXPECT_EQ(facts.cpu_model + facts.microcode + facts.clock_source + facts.governor, "");
    EXPECT_THAT(facts.online, IsEmpty());
    EXPECT_THAT(facts.mitigations, IsEmpty());
}

TEST_F(MachineFactsTest, OfIronNeedsNoWarning)
{
    const auto facts = machine_facts(files, "");
    EXPECT_TRUE(facts.on_bare_metal());
    EXPECT_EQ(warning_about(facts), "");
}

TEST_F(MachineFactsTest, ThatIsVirtualSaysByWhatAndWarns)
{
    const auto facts = machine_facts(files, "KVMKVMKVM");
    EXPECT_EQ(facts.hypervisor, "KVM");
    EXPECT_FALSE(facts.on_bare_metal() || facts.emulated);
    EXPECT_THAT(warning_about(facts), HasSubstr("in a virtual machine (KVM)"));
    EXPECT_THAT(warning_about(facts), HasSubstr("this says nothing about bare metal"));
}

TEST_F(MachineFactsTest, ThatIsEmulatedWarnsOfMore)
{
    const auto facts = machine_facts(files, "TCGTCGTCGTCG");
    EXPECT_TRUE(facts.emulated);
    EXPECT_THAT(warning_about(facts), HasSubstr("this says nothing about real hardware"));
}

TEST_F(MachineFactsTest, OfAnUnknownHypervisorHasItsSignature)
{
    EXPECT_EQ(machine_facts(files, "Who\x1bKnows").hypervisor, "Who\\x1bKnows");
}

} // namespace
} // namespace krun
