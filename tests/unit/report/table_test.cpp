// SPDX-License-Identifier: MIT
#include "report/table.hpp"

#include <gtest/gtest.h>

namespace krun
{

TEST(Table, ColumnsAreAsWideAsTheirWidestCell)
{
    Table table({{"name"}, {"n", Align::right}, {"note"}});
    table.add({"a", "1", ""});
    table.add({"longer", "1000", "x"});
    EXPECT_EQ(table.text(), "name       n  note\n"
                            "a          1\n"
                            "longer  1000  x\n");
}

TEST(Table, MissingCellsAreEmpty)
{
    Table table({{"a"}, {"b"}});
    table.add({"1"});
    EXPECT_EQ(table.text(), "a  b\n1\n");
}

TEST(Table, ThousandsAreSetApart)
{
    EXPECT_EQ(with_thousands(0), "0");
    EXPECT_EQ(with_thousands(999), "999");
    EXPECT_EQ(with_thousands(1000), "1,000");
    EXPECT_EQ(with_thousands(18446744073709551615ULL), "18,446,744,073,709,551,615");
}

} // namespace krun
