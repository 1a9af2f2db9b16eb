// SPDX-License-Identifier: MIT
#include "cases/sparse_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

// As in the cache: a folder called krun is above the tree.
const std::filesystem::path tree = "/home/me/.cache/krun/source/linux_1-2";

TEST(SparseOutput, OurFilesCountHoweverTheyAreCalled)
{
    const std::string absolute = tree.string() + "/krun/cycles.c:1:2: warning: different address spaces";
    const std::string relative = "krun/cycles.c:1:2: error: no such thing";
    const std::string upwards = "../krun/cycles.h:1:2: warning: context imbalance";
    const auto report = read_sparse_output("  CHECK   krun/cycles.c\n" + absolute + "\n" + relative + "\n" + upwards +
                                               "\n  CHECK   " + tree.string() + "/krun/sampler.c\n",
                                           tree);
    EXPECT_EQ(report.checked, 2U);
    EXPECT_THAT(report.findings, ElementsAre(absolute, relative, upwards));
    EXPECT_FALSE(report.too_old);
}

TEST(SparseOutput, WhatALineSaysOfItselfDoesNot)
{
    const auto report = read_sparse_output("  CHECK   " + tree.string() + "/scripts/mod/empty.c\n" + tree.string() +
                                               "/include/linux/mm.h:9:1: warning: no newline\n"
                                               "./include/linux/fs.h:9:1: warning: no newline\n",
                                           tree);
    EXPECT_EQ(report.checked, 0U);
    EXPECT_THAT(report.findings, IsEmpty());
}

TEST(SparseOutput, OtherOutputIsNone)
{
    const auto report = read_sparse_output("  CC      krun/cycles.o\nkrun/cycles.c:1:2: note: here\n", tree);
    EXPECT_EQ(report.checked, 0U);
    EXPECT_THAT(report.findings, IsEmpty());
}

TEST(SparseOutput, AKernelThatDoesWithoutAnOldSparseIsNoticed)
{
    EXPECT_TRUE(
        read_sparse_output("Makefile:1311: C=2 specified, but sparse is not available or not up to date\n", tree)
            .too_old);
}

} // namespace
} // namespace krun
