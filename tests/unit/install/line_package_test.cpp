// SPDX-License-Identifier: MIT
#include "install/deb_repository.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

constexpr const char *kernel = "linux-image-6.12.117.krun.aa (= 6.12.117-1)";

TEST(LinePackage, TheFirstKernelOfALineIsItsNewest)
{
    const auto package = next_line_package("6.12", "6.12.117", kernel, {});
    ASSERT_TRUE(package);
    EXPECT_EQ(package->name, "linux-image-krun-6.12");
    EXPECT_EQ(package->version, "6.12.117+krun1");
    EXPECT_EQ(package->depends, kernel);
}

TEST(LinePackage, AnotherBuildOfTheSameVersionComesAfterTheLast)
{
    const auto package = next_line_package(
        "6.12", "6.12.117", kernel,
        RepositoryPackage{"linux-image-krun-6.12", "6.12.117+krun9", "linux-image-6.12.117.krun.bb (= 1)"});
    ASSERT_TRUE(package);
    EXPECT_EQ(package->version, "6.12.117+krun10");
}

TEST(LinePackage, ANewerKernelStartsAtOneAndAnOlderOneIsNotTaken)
{
    const RepositoryPackage present{"linux-image-krun-6.12", "6.12.99+krun4", "linux-image-6.12.99.krun.bb (= 1)"};
    EXPECT_EQ(next_line_package("6.12", "6.12.117", kernel, present)->version, "6.12.117+krun1");
    EXPECT_FALSE(next_line_package("6.12", "6.12.98", kernel, present));
}

TEST(LinePackage, TheSameKernelAgainChangesNothing)
{
    EXPECT_FALSE(next_line_package("6.12", "6.12.117", kernel,
                                   RepositoryPackage{"linux-image-krun-6.12", "6.12.117+krun1", kernel}));
}

TEST(LinePackage, IsBuiltByDpkgDebFromItsControlFile)
{
    FakeFilesystem files;
    FakeProcessRunner runner;
    runner.succeeds({"chmod"});
    runner.succeeds({"dpkg-deb"});
    const auto deb = make_line_package(Env{runner, files}, {"linux-image-krun-6.12", "6.12.1+krun1", kernel}, "/s");
    ASSERT_TRUE(deb);
    EXPECT_EQ(*deb, "/s/linux-image-krun-6.12_6.12.1+krun1_amd64.deb");
    EXPECT_THAT(*files.read("/s/linux-image-krun-6.12/DEBIAN/control"), HasSubstr(std::string("Depends: ") + kernel));
}

TEST(LinePackage, WhatDpkgDebSaysIsTheError)
{
    FakeFilesystem files;
    FakeProcessRunner runner;
    runner.succeeds({"chmod"});
    runner.on({"dpkg-deb"}, 2, "");
    EXPECT_FALSE(make_line_package(Env{runner, files}, {"a", "1", "b"}, "/s"));
}

} // namespace
} // namespace krun
