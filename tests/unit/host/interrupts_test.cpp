// SPDX-License-Identifier: MIT
#include "host/interrupts.hpp"

#include <gtest/gtest.h>

namespace krun
{

// CPU 1 is offline: it has no column.
constexpr const char *proc_interrupts = "           CPU0       CPU2       CPU3\n"
                                        "  0:         34          0          0   IO-APIC   2-edge      timer\n"
                                        "NMI:          1          2          3   Non-maskable interrupts\n"
                                        "LOC:       1200         77          9   Local timer interrupts\n"
                                        "ERR:          0\n";

TEST(Interrupts, AreFoundByTheHeadingNotByPosition)
{
    EXPECT_EQ(interrupt_count(proc_interrupts, "LOC", 0), 1200);
    EXPECT_EQ(interrupt_count(proc_interrupts, "LOC", 2), 77);
    EXPECT_EQ(interrupt_count(proc_interrupts, "LOC", 3), 9);
    EXPECT_EQ(interrupt_count(proc_interrupts, "NMI", 3), 3);
}

TEST(Interrupts, OfACpuThatIsOfflineAreUnknown) { EXPECT_EQ(interrupt_count(proc_interrupts, "LOC", 1), std::nullopt); }

TEST(Interrupts, OfAnAbsentOrShortLineAreUnknown)
{
    EXPECT_EQ(interrupt_count(proc_interrupts, "PMI", 0), std::nullopt);
    EXPECT_EQ(interrupt_count(proc_interrupts, "ERR", 2), std::nullopt);
    EXPECT_EQ(interrupt_count("", "LOC", 0), std::nullopt);
    EXPECT_EQ(interrupt_count("   CPU0\nLOC:  many  Local timer interrupts\n", "LOC", 0), std::nullopt);
}

} // namespace krun
