// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/ccache.hpp"
#include "build/kernel_make.hpp"
#include "build/output_folder.hpp"
#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::HasSubstr;

TEST(BuildLog, TheFirstErrorIsTheOneThatCounts)
{
    EXPECT_EQ(first_build_error("  CC      a.o\nx.c:1:2: warning: w\nkrun/x.c:3:4: error: expected ';'\n"
                                "krun/x.c:9:9: error: later\nmake: *** [x] Error 1\n"),
              "krun/x.c:3:4: error: expected ';'");
    EXPECT_EQ(first_build_error("make[1]: *** No rule to make target 'x'.  Stop.\n"),
              "make[1]: *** No rule to make target 'x'.  Stop.");
    EXPECT_EQ(first_build_error("ld: x.o: undefined reference to `f'\n"), "ld: x.o: undefined reference to `f'");
    EXPECT_EQ(first_build_error("  CC      error.o\n"), "");
}

class CompileTest : public testing::Test
{
  protected:
    CompileTest()
    {
        make.tree = "/tree";
        make.objects = "/objects";
        make.local_version = ".krun.x";
        make.log = "/log";
        files.add("/steps.d/x", "");
    }
    Result<void> compile() { return compile_kernel(Env{runner, files}, make, {"bzImage"}, "/steps.d/steps"); }
    void fail_with(const std::string &log)
    {
        runner.on({"make"}, 2);
        files.add("/log", log);
    }
    FakeFilesystem files;
    FakeProcessRunner runner;
    KernelMake make;
};

TEST_F(CompileTest, RemembersTheStepsOfABuildFromNothing)
{
    runner.on({"make"}, 0, "  CC      a.o\n  CC [M]  b.ko\nwarning\n  LD      vmlinux\nmake: Leaving directory\n");
    ASSERT_TRUE(compile());
    EXPECT_EQ(files.contents["/steps.d/steps"], "3\n");
}

TEST_F(CompileTest, DoesNotTakeAPartialBuildForAWholeOne)
{
    files.add("/steps.d/steps", "100\n");
    files.add("/objects/vmlinux.o", "");
    runner.on({"make"}, 0, "  CC      a.o\n");
    ASSERT_TRUE(compile());
    EXPECT_EQ(files.contents["/steps.d/steps"], "100\n");
}

TEST_F(CompileTest, AFailureNamesTheFirstErrorBelowTheTreeAndTheLog)
{
    fail_with("/tree/krun/x.c:3:4: error: expected ';'\n");
    const auto error = compile().error();
    EXPECT_EQ(error.message, "compiling the kernel failed: krun/x.c:3:4: error: expected ';'");
    EXPECT_EQ(error.log, "/log");
    EXPECT_EQ(error.code, ExitCode::failure);
}

TEST_F(CompileTest, AFailureIsNamedAlikeWhenTheObjectsAreInTheTree)
{
    fail_with("../krun/x.c:3:4: error: expected ';'\n");
    EXPECT_EQ(compile().error().message, "compiling the kernel failed: krun/x.c:3:4: error: expected ';'");
}

// The kernel's makefiles compare exactly this, and call the sources ".." then.
TEST_F(CompileTest, TheObjectsAreDirectlyBelowTheTree)
{
    EXPECT_EQ(objects_folder("/s/linux-1", "vm").parent_path(), "/s/linux-1");
    EXPECT_NE(objects_folder("/s/linux-1", "vm"), objects_folder("/s/linux-1", "disk"));
}

TEST_F(CompileTest, CcacheIsToldWhereTheTreeIs)
{
    const auto environment = make.command({"bzImage"}).environment;
    EXPECT_EQ(environment.contains("CCACHE_BASEDIR"), has_ccache());
    if (has_ccache()) {
        EXPECT_EQ(environment.at("CCACHE_BASEDIR"), "/tree");
    }
}

TEST_F(CompileTest, AFullDiskIsCalledThat)
{
    fail_with("cc1: fatal error: x.o: No space left on device\nx.c:1:1: error: y\n");
    EXPECT_THAT(compile().error().message, HasSubstr("no space left on"));
}

TEST_F(CompileTest, AMissingHeaderIsAMissingPackage)
{
    fail_with("elf.h:10:10: fatal error: gelf.h: No such file or directory\n");
    const auto error = compile().error();
    EXPECT_EQ(error.code, ExitCode::host_lacks);
    EXPECT_THAT(error.hint, HasSubstr("libelf-dev"));
}

TEST_F(CompileTest, TheSameSourcesGiveTheSameBytes)
{
    const auto command = make.command({"bzImage"});
    EXPECT_THAT(command.argv, Contains("KBUILD_BUILD_VERSION=1"));
    EXPECT_THAT(command.argv, Contains("LOCALVERSION=.krun.x"));
    EXPECT_THAT(command.argv, Contains(HasSubstr("KBUILD_BUILD_TIMESTAMP=")));
    EXPECT_EQ(command.environment.at("MAKEFLAGS"), "");
}

TEST_F(CompileTest, TheSettingsAreWhatIsOnTheCommandLineWithoutPathsAndJobs)
{
    const auto before = make.settings();
    EXPECT_THAT(make.command({}).argv, testing::IsSupersetOf(before));
    make.jobs = 7;
    make.tree = "/other";
    EXPECT_EQ(make.settings(), before);
    make.local_version = ".other";
    EXPECT_NE(make.settings(), before);
    make.config_settings = {"KCSAN_SANITIZE=n"};
    EXPECT_THAT(make.settings(), Contains("KCSAN_SANITIZE=n"));
}

class OutputTest : public testing::Test
{
  protected:
    OutputTest()
    {
        files.add("/o/arch/x86/boot/bzImage", "kernel");
        files.add("/o/.config", "config");
        files.add("/o/System.map", "map");
        files.add("/home/x", "");
    }
    FakeFilesystem files;
    const nlohmann::ordered_json metadata = {{"key", "k"}};
};

TEST_F(OutputTest, ANewFolderAppearsWhole)
{
    ASSERT_TRUE(fill_output(files, "/o", {}, "/home/out", metadata));
    EXPECT_EQ(files.written.back(), "/home/out");
    EXPECT_EQ(files.contents["/home/out/vmlinuz"], "kernel");
    EXPECT_EQ((*read_metadata(files, "/home/out"))["key"], "k");
    EXPECT_FALSE(files.exists("/home/.out.krunctl-partial"));
}

TEST_F(OutputTest, ANeighbourIsNotTakenForALeftover)
{
    files.add("/home/out.partial/thesis", "mine");
    ASSERT_TRUE(fill_output(files, "/o", {}, "/home/out", metadata));
    EXPECT_EQ(files.contents["/home/out.partial/thesis"], "mine");
}

TEST_F(OutputTest, OnlyWhatMetadataCanHaveFromUsIsRemoved)
{
    for (const auto *name : {"..", ".", "", "notes", "sub", "sub/a.deb", "/home/x.deb", ".hidden.deb", "folder.deb"}) {
        files.add("/home/x.deb", "not ours");
        files.add("/home/out/notes", "mine");
        files.add("/home/out/.hidden.deb", "mine");
        files.add("/home/out/sub/a.deb", "mine");
        files.add("/home/out/folder.deb/a", "mine");
        files.add("/home/out/metadata.json", nlohmann::json{{"packages", {name}}}.dump());
        ASSERT_TRUE(fill_output(files, "/o", {}, "/home/out", metadata)) << name;
        for (const auto *path : {"/home/x.deb", "/home/out/notes", "/home/out/.hidden.deb", "/home/out/sub/a.deb",
                                 "/home/out/folder.deb/a"})
            EXPECT_TRUE(files.exists(path)) << name << " " << path;
    }
}

TEST_F(OutputTest, WhatElseIsInTheFolderStays)
{
    files.add("/home/out/notes", "mine");
    ASSERT_TRUE(fill_output(files, "/o", {}, "/home/out", metadata));
    EXPECT_EQ(files.contents["/home/out/notes"], "mine");
    EXPECT_EQ(files.written.back(), "/home/out/metadata.json");
}

TEST_F(OutputTest, PackagesComeWithTheKernelAndOldOnesGoWithTheirs)
{
    files.add("/p/image_1.deb", "one");
    files.add("/p/image_2.deb", "two");
    files.add("/home/out/mine.deb", "mine");
    files.add("/home/x.deb", "not ours");
    const nlohmann::ordered_json first = {{"packages", {"image_1.deb", "../x.deb"}}};
    ASSERT_TRUE(fill_output(files, "/o", {"/p/image_1.deb"}, "/home/out", first));
    EXPECT_EQ(files.contents["/home/out/image_1.deb"], "one");
    ASSERT_TRUE(fill_output(files, "/o", {"/p/image_2.deb"}, "/home/out", metadata));
    EXPECT_FALSE(files.exists("/home/out/image_1.deb"));
    EXPECT_EQ(files.contents["/home/out/image_2.deb"], "two");
    EXPECT_EQ(files.contents["/home/out/mine.deb"], "mine");
    EXPECT_EQ(files.contents["/home/x.deb"], "not ours");
}

TEST_F(OutputTest, AFailureInBetweenLeavesAFolderThatIsNotTakenForABuild)
{
    ASSERT_TRUE(fill_output(files, "/o", {}, "/home/out", metadata));
    files.unwritable.insert("/home/out/System.map");
    EXPECT_FALSE(fill_output(files, "/o", {}, "/home/out", metadata));
    EXPECT_FALSE(read_metadata(files, "/home/out"));
}

TEST_F(OutputTest, AnUnwritableFolderIsFoundBeforehandAndNothingIsLeft)
{
    EXPECT_TRUE(expect_writable(files, "/home/new"));
    EXPECT_FALSE(files.exists("/home/new"));
    EXPECT_EQ(expect_writable(files, "/home/x").error().code, ExitCode::usage);
    files.add("/home/out/y", "");
    files.unwritable.insert("/home/out/.krun-probe");
    EXPECT_THAT(expect_writable(files, "/home/out").error().message, HasSubstr("not writable"));
}

} // namespace
} // namespace krun
