// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "source/kernel_tree.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

void add_tree(FakeFilesystem &files, const std::string &makefile)
{
    files.add("/k/Makefile", makefile);
    files.add("/k/scripts/kconfig/merge_config.sh", "");
}

TEST(KernelTree, ReadsItsVersionFromTheMakefile)
{
    FakeFilesystem files;
    add_tree(files, "# SPDX\nVERSION = 7\nPATCHLEVEL = 4\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\nNAME = Baby\n"
                    "VERSION = $(other)\n");
    const auto version = kernel_version_of(files, "/k", "/k").value();
    EXPECT_EQ(version.text(), "7.4.0-rc3");
    EXPECT_EQ(version.series(), "7.4");
}

TEST(KernelTree, OtherMakefilesAreNoLinux)
{
    FakeFilesystem files;
    EXPECT_THAT(kernel_version_of(files, "/k", "thing.tar.xz").error().message,
                HasSubstr("thing.tar.xz is not a Linux source tree"));
    add_tree(files, "VERSION = 7\nall:\n");
    EXPECT_FALSE(kernel_version_of(files, "/k", "/k"));
    add_tree(files, "VERSION = 7\nPATCHLEVEL = x\nSUBLEVEL = 1\n");
    EXPECT_FALSE(kernel_version_of(files, "/k", "/k"));
    FakeFilesystem without_kconfig;
    without_kconfig.add("/k/Makefile", "VERSION = 7\nPATCHLEVEL = 4\nSUBLEVEL = 0\n");
    EXPECT_FALSE(kernel_version_of(without_kconfig, "/k", "/k"));
}

TEST(KernelTree, KnowsWhenHooksAreInIt)
{
    FakeFilesystem files;
    add_tree(files, "");
    EXPECT_TRUE(expect_unpatched(files, "/k", "it"));
    files.add("/k/Kconfig", "source \"krun/Kconfig\"\n");
    EXPECT_FALSE(expect_unpatched(files, "/k", "it"));
    files.add("/k/Kconfig", "");
    EXPECT_TRUE(expect_unpatched(files, "/k", "it"));
    files.add("/k/arch/x86/Kconfig", "source \"krun/Kconfig\"\n");
    EXPECT_FALSE(expect_unpatched(files, "/k", "it"));
    FakeFilesystem with_overlay;
    with_overlay.add("/k/krun/Kbuild", "");
    EXPECT_FALSE(expect_unpatched(with_overlay, "/k", "it"));
}

KernelLine line(const std::string &name)
{
    KernelLine made;
    made.name = name;
    return made;
}

std::string nearest_to(unsigned major, unsigned minor)
{
    const std::vector<KernelLine> lines = {line("5.10"), line("6.1"), line("6.12"), line("7.3")};
    return nearest_line(lines, {major, minor, 0, {}}).name;
}

TEST(KernelTree, TheNearestLineIsCountedInReleases)
{
    EXPECT_EQ(releases_between({5, 19, 0, {}}, "6.0"), 1U);
    EXPECT_EQ(releases_between({7, 0, 0, {}}, "6.19"), 1U);
    EXPECT_EQ(releases_between({4, 20, 0, {}}, "5.0"), 1U);
    EXPECT_EQ(nearest_to(6, 12), "6.12");
    EXPECT_EQ(nearest_to(7, 2), "7.3");
    EXPECT_EQ(nearest_to(4, 9), "5.10");
    EXPECT_EQ(nearest_to(6, 6), "6.1");
    EXPECT_EQ(nearest_to(6, 7), "6.12");
    EXPECT_EQ(nearest_to(8, 0), "7.3");
    EXPECT_EQ(nearest_to(5, 15), "5.10"); // six releases from 6.1, five from 5.10
}

TEST(KernelTree, WhatIsOlderThanAnyThatKrunIsForIsRefused)
{
    FakeFilesystem files;
    files.add("/t/scripts/kconfig/merge_config.sh", "");
    files.add("/t/Makefile", "VERSION = 4\nPATCHLEVEL = 8\nSUBLEVEL = 17\n");
    EXPECT_EQ(expect_usable(files, "/t", "linux-4.8").error().message,
              "linux-4.8 is Linux 4.8.17: Krun is for 4.9 and later");
    files.add("/t/Makefile", "VERSION = 4\nPATCHLEVEL = 9\nSUBLEVEL = 0\n");
    EXPECT_TRUE(expect_usable(files, "/t", "linux-4.9"));
}

} // namespace
} // namespace krun
