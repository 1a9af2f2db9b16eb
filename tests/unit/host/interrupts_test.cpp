// SPDX-License-Identifier: MIT
#include "host/disturbance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{

using testing::ElementsAre;
using testing::IsEmpty;

// CPU 1 is offline: it has no column.
constexpr const char *proc_interrupts = "           CPU0       CPU2       CPU3\n"
                                        "  0:         34          0          5   IO-APIC   2-edge      timer\n"
                                        "NMI:          1          2          3   Non-maskable interrupts\n"
                                        "LOC:       1200         77          9   Local timer interrupts\n"
                                        "ERR:          0\n"
                                        "MIS:          0\n";

TEST(Interrupts, AreFoundByTheHeadingNotByPosition)
{
    EXPECT_THAT(interrupt_rows(proc_interrupts, 3), ElementsAre(InterruptRow{"0", "IO-APIC 2-edge timer", 5},
                                                                InterruptRow{"NMI", "Non-maskable interrupts", 3},
                                                                InterruptRow{"LOC", "Local timer interrupts", 9}));
    EXPECT_EQ(interrupt_rows(proc_interrupts, 0)[2].count, 1200);
}

TEST(Interrupts, OfACpuThatIsOfflineAreUnknown) { EXPECT_THAT(interrupt_rows(proc_interrupts, 1), IsEmpty()); }

TEST(Interrupts, RowsOfTheWholeMachineAreNobodys)
{
    for (const auto &row : interrupt_rows(proc_interrupts, 0))
        EXPECT_TRUE(row.name != "ERR" && row.name != "MIS");
    EXPECT_THAT(interrupt_rows("", 0), IsEmpty());
    EXPECT_THAT(interrupt_rows("   CPU0\nLOC:  many  Local timer interrupts\n", 0), IsEmpty());
}

TEST(Interrupts, SoftirqsAreReadTheSameWay)
{
    EXPECT_THAT(interrupt_rows("                    CPU0       CPU1\n"
                               "          HI:          0          1\n"
                               "       TIMER:       1000         20\n",
                               1),
                ElementsAre(InterruptRow{"HI", "", 1}, InterruptRow{"TIMER", "", 20}));
}

TEST(Interrupts, OnlyWhatHasGrownCame)
{
    const std::vector<InterruptRow> before = {{"LOC", "timer", 7}, {"CAL", "calls", 3}, {"5", "disk", 9}};
    const std::vector<InterruptRow> after = {{"LOC", "timer", 9}, {"CAL", "calls", 3}, {"24", "network", 2}};
    EXPECT_THAT(grown_rows(before, after),
                ElementsAre(InterruptRow{"LOC", "timer", 2}, InterruptRow{"24", "network", 2}));
}

TEST(Interrupts, OfSeveralWindowsAreAddedByName)
{
    std::vector<InterruptRow> rows = {{"LOC", "timer", 2}};
    add_rows(rows, {{"24", "network", 2}, {"LOC", "timer", 3}});
    EXPECT_THAT(rows, ElementsAre(InterruptRow{"LOC", "timer", 5}, InterruptRow{"24", "network", 2}));
}

} // namespace krun
