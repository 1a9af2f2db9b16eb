// SPDX-License-Identifier: MIT
// What the library reads of the kernel's texts: lists of CPUs, and /proc/interrupts.
#include <gtest/gtest.h>

#include <array>

#include "machine.hpp"
#include "proc_interrupts.hpp"

namespace
{

using krunc::CpuSet;
using krunc::Irqs;

TEST(CpuList, HasRangesAndSingleCpus)
{
    CpuSet cpus{};
    ASSERT_TRUE(krunc::parse_cpu_list("0,2-4,8191\n", cpus));
    EXPECT_EQ(cpus.count(), 5U);
    EXPECT_EQ(cpus.end(), 8192U);
    EXPECT_TRUE(cpus.has(3));
    EXPECT_FALSE(cpus.has(1));
    EXPECT_FALSE(cpus.has(8192));
}

TEST(CpuList, MayBeEmpty)
{
    CpuSet cpus{};
    cpus.add(5);
    EXPECT_TRUE(krunc::parse_cpu_list("\n", cpus));
    EXPECT_EQ(cpus.count(), 0U);
    EXPECT_EQ(cpus.end(), 0U);
}

TEST(CpuList, IsNothingElse)
{
    CpuSet cpus{};
    for (const char *text : {"(null)\n", "3-", "3-1", "-1", "8192", "1,x", "99999999999999999999", "0x1"})
        EXPECT_FALSE(krunc::parse_cpu_list(text, cpus)) << text;
}

TEST(ProcInterrupts, NamesTheCpuOfEachColumn)
{
    std::array<std::uint32_t, 3> columns{};
    EXPECT_EQ(krunc::parse_columns("            CPU0       CPU2       CPU15      \n", columns.data(), 3), 3U);
    EXPECT_EQ(columns, (std::array<std::uint32_t, 3>{0, 2, 15}));
    EXPECT_EQ(krunc::parse_columns("            CPU0       CPU2       CPU15      \n", columns.data(), 2), 2U);
    EXPECT_EQ(krunc::parse_columns("  0:  1\n", columns.data(), 3), 0U);
}

class Lines : public testing::Test
{
  protected:
    void add(const char *line) { krunc::add_line(line, irqs.data(), 2); }
    std::array<Irqs, 2> irqs{};
};

TEST_F(Lines, AreOfSixKinds)
{
    add("  1:          3          4   IO-APIC   1-edge      i8042\n");
    add(" 24:         10          0   PCI-MSI 512000-edge      eth0\n");
    add("LOC:        100        200   Local timer interrupts\n");
    add("RES:          5          6   Rescheduling interrupts\n");
    add("CAL:          7          8   Function call interrupts\n");
    add("NMI:          1          2   Non-maskable interrupts\n");
    add("IWI:          2          1   IRQ work interrupts\n");
    add("TRM:          0          9   Thermal event interrupts\n");
    EXPECT_EQ(irqs[0].device, 13U);
    EXPECT_EQ(irqs[1].device, 4U);
    EXPECT_EQ(irqs[1].timer, 200U);
    EXPECT_EQ(irqs[0].reschedule, 5U);
    EXPECT_EQ(irqs[1].call, 8U);
    EXPECT_EQ(irqs[0].nmi, 1U);
    EXPECT_EQ(irqs[0].other, 2U);
    EXPECT_EQ(irqs[1].other, 10U);
}

TEST_F(Lines, OfWhatOthersCountAreLeftOut)
{
    add("TLB:          5          5   TLB shootdowns\n"); // part of CAL
    add("PMI:          5          5   Performance monitoring interrupts\n");
    add("MCP:          5          5   Machine check polls\n");
    add("ERR:          5\n");
    add("MIS:          5\n");
    for (const auto &one : irqs)
        EXPECT_EQ(one.timer + one.reschedule + one.call + one.device + one.nmi + one.other, 0U);
}

TEST_F(Lines, WithFewerNumbersThanColumnsEndThere)
{
    add("  7:          6\n");
    add("garbage\n");
    add("\n");
    EXPECT_EQ(irqs[0].device, 6U);
    EXPECT_EQ(irqs[1].device, 0U);
}

} // namespace
