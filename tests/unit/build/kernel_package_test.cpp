// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/build_plan.hpp"
#include "build/kernel_package.hpp"
#include "build/repacked_deb.hpp"
#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Packages by programs that only pretend: what make leaves, and what becomes of it.
class PackageTest : public testing::Test
{
  protected:
    PackageTest()
    {
        make.tree = "/tree";
        make.objects = "/build/objects";
        make.log = "/log";
        files.add("/build/objects/.config", "");
        files.add("/tree/tools/testing/selftests/krun/abi_test.c", "");
        runner.succeeds({"chmod"});
        runner.succeeds({"gzip"});
        runner.on({"strip"}, [this](const Command &command) {
            stripped.push_back(command.argv[2]);
            return ProcessResult{};
        });
        runner.on({"make"}, [this](const Command &) {
            for (const auto *name : {"linux-image-6.12.1.k_6.12.1-1_amd64.deb", "linux-libc-dev_6.12.1-1_amd64.deb",
                                     "linux-headers-6.12.1.k_6.12.1-1_amd64.deb", "linux.changes", "linux.buildinfo"})
                files.add(std::filesystem::path("/build") / name, "made");
            files.add("/build/objects/debian/control", "");
            return ProcessResult{};
        });
        runner.on({"dpkg-deb", "-R"}, [this](const Command &command) {
            const std::filesystem::path root = command.argv.back();
            files.add(root / "DEBIAN/control", "Package: p\nInstalled-Size: 1\nDescription: d\n");
            files.add(root / "usr/share/doc/p/changelog.Debian.gz", "today");
            return ProcessResult{};
        });
        runner.on({"find", "."}, 0, std::string("d 4096 boot\0f 1025 boot/vmlinuz\0l 3 link\0", 43));
        runner.on({"xargs"}, 0, "digests\n");
        runner.on({"dpkg-deb", "--root-owner-group"}, [this](const Command &command) {
            const std::filesystem::path root = command.argv[command.argv.size() - 2];
            packed.push_back({files.contents[root / "DEBIAN/control"],
                              files.read(root / "usr/share/krun/6.12.1.k/metadata.json").value_or("")});
            files.add(command.argv.back(), "packed");
            return ProcessResult{};
        });
        runner.on({"sha256sum"}, 0, std::string(64, 'a') + "  x\n");
    }
    Result<std::vector<std::filesystem::path>> package()
    {
        return package_kernel(Env{runner, files}, make, plan, metadata);
    }
    // The one that begins like this.
    Command command_of(const std::vector<std::string> &prefix)
    {
        for (const auto &command : runner.commands) {
            if (std::equal(prefix.begin(), prefix.end(), command.argv.begin()))
                return command;
        }
        ADD_FAILURE() << prefix.front() << " was not run";
        return {};
    }
    struct Packed {
        std::string control;
        std::string metadata;
    };
    std::vector<Packed> packed;
    std::vector<std::string> stripped;
    FakeFilesystem files;
    FakeProcessRunner runner;
    KernelMake make;
    PackagePlan plan = {"/build", "6.12.1.k", "6.12.1-1", true};
    nlohmann::ordered_json metadata = {{"release", "6.12.1.k"}};
};

TEST_F(PackageTest, OnlyImageAndHeadersArePassedOn)
{
    EXPECT_THAT(package().value(), ElementsAre("/build/packages/linux-image-6.12.1.k_6.12.1-1_amd64.deb",
                                               "/build/packages/linux-headers-6.12.1.k_6.12.1-1_amd64.deb"));
    plan.headers = false;
    EXPECT_THAT(package().value(), ElementsAre("/build/packages/linux-image-6.12.1.k_6.12.1-1_amd64.deb"));
}

TEST_F(PackageTest, TheImageAloneHoldsTheSelftests)
{
    ASSERT_TRUE(package());
    EXPECT_THAT(stripped, ElementsAre("/build/unpacked/usr/lib/krun/6.12.1.k/selftests/abi_test"));
}

TEST_F(PackageTest, ATreeWithoutSelftestsIsNotPackaged)
{
    files.contents.erase("/tree/tools/testing/selftests/krun/abi_test.c");
    EXPECT_FALSE(package());
}

TEST_F(PackageTest, TheImageAloneHoldsTheMetadataAndItNamesThePackages)
{
    ASSERT_TRUE(package());
    ASSERT_EQ(packed.size(), 2U);
    const auto inside = nlohmann::json::parse(packed[0].metadata);
    EXPECT_EQ(inside["package_version"], "6.12.1-1");
    EXPECT_EQ(inside["packages"][1], "linux-headers-6.12.1.k_6.12.1-1_amd64.deb");
    EXPECT_FALSE(inside.contains("checksums")) << "a package cannot hold its own";
    EXPECT_EQ(metadata["checksums"].size(), 2U);
    EXPECT_EQ(packed[1].metadata, "");
}

TEST_F(PackageTest, TheInstalledSizeCountsAsDebiansToolsDo)
{
    ASSERT_TRUE(package());
    EXPECT_EQ(packed[0].control, "Package: p\nInstalled-Size: 4\nDescription: d\n"); // folder 1, file 2, link 1
}

TEST_F(PackageTest, WhatAnEarlierRunLeftIsNotTakenForThisOnes)
{
    files.add("/build/linux-headers-6.12.1.k_6.12.1-1_amd64.deb", "old");
    runner.on({"make"}, 0);
    const auto error = package().error();
    EXPECT_EQ(error.code, ExitCode::failure);
    EXPECT_THAT(error.message, HasSubstr("produced no linux-image-6.12.1.k_6.12.1-1_amd64.deb"));
    EXPECT_EQ(error.log, "/log");
    EXPECT_FALSE(files.exists("/build/linux-headers-6.12.1.k_6.12.1-1_amd64.deb"));
}

TEST_F(PackageTest, ClearingLeavesTheObjectsAlone)
{
    ASSERT_TRUE(package());
    ASSERT_TRUE(clear_packaging(files, make, plan));
    EXPECT_THAT(files.list("/build").value(), ElementsAre("objects"));
    EXPECT_THAT(files.list("/build/objects").value(), ElementsAre(".config"));
}

TEST_F(PackageTest, AFailureOfMakeIsOneOfPackaging)
{
    files.add("/log", "dpkg-deb: error: no luck\n");
    runner.on({"make"}, 2);
    EXPECT_EQ(package().error().message, "packaging the kernel failed: dpkg-deb: error: no luck");
}

TEST_F(PackageTest, APackageThatCannotBePackedLeavesNoHalf)
{
    runner.on({"dpkg-deb", "--root-owner-group"}, [this](const Command &command) {
        files.add(command.argv.back(), "half");
        ProcessResult result;
        result.status = 2;
        return result;
    });
    EXPECT_FALSE(package());
    EXPECT_THAT(files.list("/build/packages").value(), IsEmpty());
    EXPECT_FALSE(files.exists("/build/unpacked"));
}

TEST_F(PackageTest, TheCallersPackagingWishesDoNotReachTheKernels)
{
    ASSERT_TRUE(package());
    const auto command = command_of({"make", "-C", "/tree", "O=/build/objects"});
    EXPECT_THAT(command.argv, Contains("KDEB_PKGVERSION=6.12.1-1"));
    for (const auto *name : {"DEB_BUILD_OPTIONS", "KDEB_HOOKDIR", "DH_OPTIONS"})
        EXPECT_EQ(command.environment.at(name), "") << name;
    EXPECT_EQ(command.environment.at("DEB_BUILD_PROFILES"), "pkg.linux-krun.nokerneldbg");
    EXPECT_THAT(command.environment.at("PATH"), HasSubstr("/usr/sbin"));
}

TEST_F(PackageTest, TheyAreThereWhenTheirChecksumsAre)
{
    ASSERT_TRUE(package());
    EXPECT_FALSE(has_packages(Env{runner, files}, "/out", metadata));
    for (const auto &name : plan.names())
        files.add(std::filesystem::path("/out") / name, "packed");
    EXPECT_TRUE(has_packages(Env{runner, files}, "/out", metadata));
    EXPECT_FALSE(has_packages(Env{runner, files}, "/out", {{"release", "6.12.1.k"}}));
    runner.on({"sha256sum"}, 0, std::string(64, 'b') + "  x\n");
    EXPECT_FALSE(has_packages(Env{runner, files}, "/out", metadata));
}

TEST_F(PackageTest, ThoseOfAnotherFormatAreMadeAgain)
{
    ASSERT_TRUE(package());
    for (const auto &name : plan.names())
        files.add(std::filesystem::path("/out") / name, "packed");
    metadata["package_format"] = package_format - 1;
    EXPECT_FALSE(has_packages(Env{runner, files}, "/out", metadata));
}

TEST(PackageVersion, ACandidateIsOlderThanTheKernelItLeadsTo)
{
    EXPECT_EQ(package_version_of("6.12.117"), "6.12.117-1");
    EXPECT_EQ(package_version_of("7.4.0-rc3"), "7.4.0~rc3-1");
    EXPECT_EQ(package_version_of("7.4.0_x"), "7.4.0.x-1");
}

TEST(PackageName, HasNoCapitalsAndNoUnderscores)
{
    EXPECT_TRUE(expect_package_name("it", "6.12.1-rt5.krun.1", ExitCode::usage));
    for (const auto *bad : {".Test", "-a_b"})
        EXPECT_EQ(expect_package_name("it", bad, ExitCode::usage).error().code, ExitCode::usage) << bad;
}

TEST(NeededPrograms, AConfigurationNeedsItsCompressors)
{
    const auto needed = programs_of_config(parse_config("CONFIG_MODULE_COMPRESS_XZ=y\nCONFIG_KERNEL_ZSTD=y\n"
                                                        "# CONFIG_KERNEL_LZ4 is not set\n"));
    ASSERT_EQ(needed.size(), 2U);
    EXPECT_EQ(needed[0].package, "xz-utils");
    EXPECT_EQ(needed[1].program, "zstd");
}

TEST(NeededPrograms, ThoseOfAdministratorsNeedNotBeOnThePath)
{
    EXPECT_TRUE(expect_programs({{"ldconfig", "libc-bin"}})); // only in /sbin
    const auto missing = expect_programs({{"krun-no-such-program", "no-package"}});
    EXPECT_EQ(missing.error().code, ExitCode::host_lacks);
    EXPECT_THAT(missing.error().hint, HasSubstr("apt-get install no-package"));
}

TEST_F(PackageTest, EveryTimeStampIsFixed)
{
    ASSERT_TRUE(package());
    const auto command = command_of({"dpkg-deb", "--root-owner-group"});
    EXPECT_EQ(command.environment.at("SOURCE_DATE_EPOCH"), "315532800");
    EXPECT_THAT(command.argv, Not(Contains("-Znone")));
}

} // namespace
} // namespace krun
