// SPDX-License-Identifier: MIT
#include "machine/guest_image.hpp"

#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "fakes/temporary_folder.hpp"
#include "machine/guest_staging.hpp"
#include "machine/virtual_machine.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

class GuestStagingTest : public testing::Test
{
  protected:
    GuestStagingTest() { fs::create_directories(folder / "root"); }

    void make_file(const fs::path &relative, const std::string &text, mode_t mode = 0644)
    {
        fs::create_directories((folder / relative).parent_path());
        std::ofstream(folder / relative) << text;
        chmod((folder / relative).c_str(), mode);
    }

    // "mode owner name" of each entry, as cpio lists the finished archive.
    std::vector<std::string> packed()
    {
        EXPECT_TRUE(staging.pack(folder / "a.cpio.gz"));
        Command list;
        list.argv = {"sh", "-c", "gzip -dc a.cpio.gz | cpio --list --verbose --numeric-uid-gid --quiet"};
        list.directory = folder;
        std::vector<std::string> entries;
        for (const std::string &line : lines_of(runner.run_ok(list)->output)) {
            const auto words = words_of(line);
            if (words.size() >= 9)
                entries.push_back(words[0] + " " + words[2] + " " + words[8]);
        }
        return entries;
    }

    SystemProcessRunner runner;
    SystemFilesystem files;
    const TemporaryFolder temporary;
    const fs::path folder = temporary.path();
    GuestStaging staging{Env{runner, files}, folder / "root"};
};

TEST_F(GuestStagingTest, FilesKeepTheirModeAndBelongToRoot)
{
    make_file("prog", "#!/bin/sh\n", 0755);
    make_file("text", "x", 0640);
    ASSERT_TRUE(staging.copy_in({folder / "prog", "/prog"}));
    ASSERT_TRUE(staging.copy_in({folder / "text", "/opt/text"}));
    EXPECT_EQ(packed(), (std::vector<std::string>{"drwxr-xr-x 0 opt", "-rw-r----- 0 opt/text", "-rwxr-xr-x 0 prog"}));
}

TEST_F(GuestStagingTest, FoldersComeWhole)
{
    make_file("tree/sub/prog", "p", 0700);
    make_file("real", "content");
    fs::create_symlink(folder / "real", folder / "tree/to-file");
    fs::create_symlink("sub", folder / "tree/to-folder");
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/opt/"}));
    EXPECT_EQ(*files.read(folder / "root/opt/tree/to-file"), "content");
    EXPECT_FALSE(fs::is_symlink(folder / "root/opt/tree/to-file"));
    EXPECT_EQ(fs::read_symlink(folder / "root/opt/tree/to-folder"), "sub");
    EXPECT_TRUE(fs::exists(folder / "root/opt/tree/sub/prog"));
}

TEST_F(GuestStagingTest, ALinkThatLeadsOutOfAFolderBecomesWhatItLeadsTo)
{
    make_file("tree/own", "1");
    make_file("outside/sub/file", "2");
    fs::create_symlink("sub", folder / "outside/inner");
    fs::create_symlink(folder / "outside", folder / "tree/out");
    fs::create_symlink("../outside/sub", folder / "tree/relative");
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/tree"}));
    EXPECT_EQ(*files.read(folder / "root/tree/out/sub/file"), "2");
    EXPECT_FALSE(fs::is_symlink(folder / "root/tree/out"));
    EXPECT_EQ(fs::read_symlink(folder / "root/tree/out/inner"), "sub");
    EXPECT_EQ(*files.read(folder / "root/tree/relative/file"), "2");
}

TEST_F(GuestStagingTest, ALinkThatStaysInsideLeadsToTheSamePlaceUnderTheFoldersNewName)
{
    make_file("tree/a/b/file", "1");
    fs::create_directories(folder / "tree/links");
    fs::create_symlink(folder / "tree/a/b", folder / "tree/links/absolute");
    fs::create_symlink("../../tree/a", folder / "tree/links/around");
    fs::create_symlink("..", folder / "tree/links/up");
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/renamed"}));
    EXPECT_EQ(fs::read_symlink(folder / "root/renamed/links/absolute"), "../a/b");
    EXPECT_EQ(fs::read_symlink(folder / "root/renamed/links/around"), "../a");
    EXPECT_EQ(fs::read_symlink(folder / "root/renamed/links/up"), "..");
}

TEST_F(GuestStagingTest, ALinkToAFolderThatHoldsItIsRefusedByName)
{
    make_file("tree/sub/file", "1");
    fs::create_symlink(folder, folder / "tree/sub/all");
    const auto refused = staging.copy_in({folder / "tree", "/tree"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::usage);
    EXPECT_NE(refused.error().message.find("tree/sub/all"), std::string::npos);
    EXPECT_NE(refused.error().hint, "");
}

TEST_F(GuestStagingTest, LinksToNothingAndToWhatTheGuestHasItselfStay)
{
    make_file("tree/file", "1");
    fs::create_symlink("gone", folder / "tree/dangling");
    fs::create_symlink("/proc/self", folder / "tree/proc");
    fs::create_symlink("/dev/null", folder / "tree/null");
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/tree"}));
    EXPECT_EQ(fs::read_symlink(folder / "root/tree/dangling"), "gone");
    EXPECT_EQ(fs::read_symlink(folder / "root/tree/null"), "/dev/null");
    EXPECT_TRUE(fs::read_symlink(folder / "root/tree/proc").string().starts_with("/proc/"));
    const auto refused = staging.copy_in({folder / "tree/dangling", "/x"});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("a link to gone, which does not exist"), std::string::npos);
}

TEST_F(GuestStagingTest, APipeIsReadToItsEndAndAPipeInAFolderIsLeftAlone)
{
    make_file("tree/file", "1");
    ASSERT_EQ(mkfifo((folder / "tree/pipe").c_str(), 0600), 0);
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/tree"}));
    EXPECT_FALSE(fs::exists(folder / "root/tree/pipe"));
    const fs::path pipe = folder / "tree/pipe";
    const int both_ends = open(pipe.c_str(), O_RDWR); // so that nobody waits for the other end
    ASSERT_EQ(write(both_ends, "text", 4), 4);
    std::thread writer([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        close(both_ends);
    });
    const auto copied = staging.copy_in({pipe, "/text"});
    writer.join();
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_EQ(*files.read(folder / "root/text"), "text");
    ASSERT_TRUE(staging.copy_in({"/dev/null", "/empty"}));
    EXPECT_EQ(*files.read(folder / "root/empty"), "");
}

TEST_F(GuestStagingTest, NothingIsWrittenThroughALinkThatWasCopiedIn)
{
    make_file("tree/file", "1");
    make_file("mine/kept", "mine");
    make_file("new", "new");
    fs::create_symlink(folder / "mine/gone", folder / "tree/dangling");
    fs::create_symlink("/proc/self", folder / "tree/proc");
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/tree"}));
    ASSERT_TRUE(staging.copy_in({folder / "new", "/tree/dangling"}));
    EXPECT_EQ(*files.read(folder / "root/tree/dangling"), "new");
    EXPECT_FALSE(fs::exists(folder / "mine/gone"));
    for (const auto *target : {"/tree/proc/new", "/tree/proc/new/"}) {
        const auto refused = staging.copy_in({folder / "new", target});
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("proc is a link that is copied in too"), std::string::npos);
    }
}

TEST_F(GuestStagingTest, WhatDoesNotFitIsCountedAndNotCopied)
{
    make_file("tree/small", std::string(5000, 'x'));
    make_file("tree/z-large", std::string(50000, 'x'));
    staging.limit(20000);
    ASSERT_TRUE(staging.copy_in({folder / "tree", "/tree"}));
    EXPECT_EQ(staging.bytes(), 8192U + 53248U); // in pages
    EXPECT_TRUE(fs::exists(folder / "root/tree/small"));
    EXPECT_FALSE(fs::exists(folder / "root/tree/z-large"));
    ASSERT_TRUE(staging.copy_in({"/dev/zero", "/zero"})); // has no end
    EXPECT_FALSE(fs::exists(folder / "root/zero"));
}

TEST_F(GuestStagingTest, TheUsualNamesOfAFolderAreOneFolder)
{
    EXPECT_EQ(guest_path("/bin/x")->string(), "usr/bin/x");
    EXPECT_EQ(guest_path("/usr/sbin/x")->string(), "usr/bin/x");
    EXPECT_EQ(guest_path("/lib64/ld.so")->string(), "usr/lib64/ld.so");
    EXPECT_EQ(guest_path("/bin")->string(), "usr/bin/");
    EXPECT_EQ(guest_path("/binary")->string(), "binary");
}

TEST_F(GuestStagingTest, PlacesThatCannotHoldFilesAreWrongUsage)
{
    for (const char *target : {"relative", "", "/", "/proc/x", "/dev/x", "/init", "/krun/command", "/opt/../sys/x"}) {
        const auto refused = guest_path(target);
        ASSERT_FALSE(refused) << target;
        EXPECT_EQ(refused.error().code, ExitCode::usage) << target;
    }
}

TEST_F(GuestStagingTest, AMissingSourceIsWrongUsage)
{
    const auto refused = staging.copy_in({folder / "nothing", "/x"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ExitCode::usage);
    EXPECT_NE(refused.error().message.find("nothing"), std::string::npos);
}

TEST(GuestMemory, FilesAreThereTwiceAndMayTakeHalf)
{
    constexpr std::uintmax_t mebibyte = std::uintmax_t{1} << 20;
    const auto empty = memory_for_files(0, 0);
    EXPECT_LE(empty, 64U) << "the smallest machine that is allowed";
    EXPECT_EQ(memory_for_files(100 * mebibyte, 0), empty + 200);
    EXPECT_EQ(memory_for_files(100 * mebibyte, 30 * mebibyte), empty + 230);
    EXPECT_EQ(memory_for_files(1, 0), empty + 1);
}

TEST(TaskFilesTest, AnArgumentMayHoldAnything)
{
    MachineRequest request;
    request.command = {"sh", "-c", "echo 'a b'\n", ""};
    request.environment = {"A=b"};
    const auto files = task_files(request, GuestInput::pipe);
    ASSERT_EQ(files.size(), 3U);
    EXPECT_EQ(files[0].first, "krun/command");
    EXPECT_EQ(files[0].second, std::string("sh\0-c\0echo 'a b'\n\0\0", 19));
    EXPECT_EQ(files[1].second, std::string("A=b\0", 4));
    EXPECT_EQ(files[2].second, "pipe");
}

TEST(KernelImageTest, ATextIsNoKernel)
{
    const auto checked = check_kernel_image("/etc/passwd");
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().code, ExitCode::usage);
}

} // namespace
} // namespace krun
