// SPDX-License-Identifier: MIT
#include "cases/variant.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Variant, AFaultNamesTheTestsThatFindIt)
{
    const auto variant =
        parse_variant("What is wrong.\n\nKernel: disk\nFails: many_cpus_test a b\n---\n--- a/krun/x.c\n");
    ASSERT_TRUE(variant);
    EXPECT_EQ(variant->config, "disk");
    EXPECT_EQ(variant->selftest, "many_cpus_test");
    EXPECT_THAT(variant->failing, ElementsAre("a", "b"));
    EXPECT_THAT(variant->passing, IsEmpty());
}

TEST(Variant, WhatIsToComeNamesThePrograms)
{
    const auto variant = parse_variant("Kernel: disk\nPasses: version1_64 version1_32\n---\n");
    ASSERT_TRUE(variant);
    EXPECT_THAT(variant->passing, ElementsAre("version1_64", "version1_32"));
}

TEST(Variant, AnythingElseProvesNothing)
{
    for (const char *patch :
         {"", "Kernel: vm\n---\n", "Fails: epoch_test a\n---\n", "Kernel: vm\nFails: epoch_test\n---\n",
          "Kernel: vm\nFails: epoch_test a\nPasses: version1_64\n---\n", "---\nKernel: vm\nFails: epoch_test a\n"})
        EXPECT_FALSE(parse_variant(patch)) << patch;
}

TEST(Variant, TestsThatFailedAreKnownByTheirOwnNames)
{
    EXPECT_THAT(failed_tests("TAP version 13\n1..4\nok 1 epoch.fine\nnot ok 2 epoch.broken\n# epoch_test.c:1: no\n"
                             "not ok 3 global.lost # Test terminated by assertion\nnot ok 4\nok 5 not ok x y\n"),
                ElementsAre("broken", "lost"));
}

} // namespace krun
