// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/temporary_folder.hpp"
#include "util/filesystem.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

TEST(SystemFilesystem, WritesReadsAndLeavesNoTemporaryFile)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    const std::string text("with\0zero", 9);
    ASSERT_TRUE(files.write(folder.path() / "file", text));
    EXPECT_EQ(files.read(folder.path() / "file").value(), text);
    EXPECT_THAT(files.list(folder.path()).value(), ElementsAre("file"));
}

TEST(SystemFilesystem, AFailedWriteKeepsTheOldText)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    std::filesystem::create_directories(folder.path() / "target/inner"); // a folder cannot be replaced by a file
    const auto written = files.write(folder.path() / "target", "new");
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("target"));
    EXPECT_TRUE(files.is_directory(folder.path() / "target/inner"));
    EXPECT_THAT(files.list(folder.path()).value(), ElementsAre("target"));
}

TEST(SystemFilesystem, ADurableWriteReplacesTheTextAndHasItsMode)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    ASSERT_TRUE(files.write(folder.path() / "file", "old"));
    ASSERT_TRUE(files.write_durably(folder.path() / "file", "new", 0755));
    EXPECT_EQ(files.read(folder.path() / "file").value(), "new");
    EXPECT_EQ(files.size_of(folder.path() / "file"), 3u);
    EXPECT_EQ(files.size_of(folder.path() / "none"), 0u);
    struct stat status = {};
    ASSERT_EQ(stat((folder.path() / "file").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0755u);
    EXPECT_FALSE(files.write_durably(folder.path() / "none/file", "new", 0644));
    EXPECT_THAT(files.list(folder.path()).value(), ElementsAre("file"));
}

// Neither of the two may take a node's place, above all not as root.
TEST(SystemFilesystem, ADeviceStaysWhatItIs)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    ASSERT_TRUE(files.write(folder.path() / "file", "text"));
    for (const std::filesystem::path target : {"/dev/null", "/dev/stderr"}) {
        struct stat before = {};
        struct stat after = {};
        ASSERT_EQ(lstat(target.c_str(), &before), 0);
        EXPECT_TRUE(files.write(target, ""));
        EXPECT_TRUE(files.copy_file("/dev/null", target));
        ASSERT_EQ(lstat(target.c_str(), &after), 0);
        EXPECT_EQ(before.st_mode, after.st_mode);
        EXPECT_EQ(before.st_ino, after.st_ino);
    }
    EXPECT_TRUE(files.copy_file(folder.path() / "file", "/dev/null"));
    const auto full = files.write("/dev/full", "text");
    ASSERT_FALSE(full);
    EXPECT_THAT(full.error().message, HasSubstr("no space left"));
}

TEST(SystemFilesystem, APipeGetsTheText)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    const auto pipe = folder.path() / "pipe";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    const int reader = open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ASSERT_TRUE(files.write(pipe, "text"));
    std::string read_text(16, ' ');
    EXPECT_EQ(read(reader, read_text.data(), read_text.size()), 4);
    close(reader);
    EXPECT_THAT(files.list(folder.path()).value(), ElementsAre("pipe"));
}

// As /dev/stdout names the file that it was redirected to.
TEST(SystemFilesystem, AFileThatIsOpenIsWrittenToAndNotReplaced)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    const auto path = folder.path() / "redirected";
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_EQ(write(descriptor, "before ", 7), 7);
    std::filesystem::create_symlink("/proc/self/fd/" + std::to_string(descriptor), folder.path() / "stdout");
    ASSERT_TRUE(files.write(folder.path() / "stdout", "text"));
    std::string whole(32, ' ');
    EXPECT_EQ(pread(descriptor, whole.data(), whole.size(), 0), 11);
    EXPECT_EQ(whole.substr(0, 11), "before text");
    close(descriptor);
    EXPECT_THAT(files.list(folder.path()).value(), ElementsAre("redirected", "stdout"));
}

TEST(SystemFilesystem, ALinkStaysAndWhatItNamesIsWritten)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    std::filesystem::create_directories(folder.path() / "real");
    ASSERT_TRUE(files.write(folder.path() / "real/file", "old"));
    std::filesystem::create_symlink("real/file", folder.path() / "link");
    std::filesystem::create_symlink("real/new", folder.path() / "dangling");
    ASSERT_TRUE(files.write(folder.path() / "link", "new"));
    ASSERT_TRUE(files.write_durably(folder.path() / "dangling", "new", 0644));
    EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "link"));
    EXPECT_EQ(files.read(folder.path() / "real/file").value(), "new");
    EXPECT_THAT(files.list(folder.path() / "real").value(), ElementsAre("file", "new"));
}

TEST(SystemFilesystem, CopyKeepsTheMode)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    ASSERT_TRUE(files.write(folder.path() / "script", "#!/bin/sh\n"));
    ASSERT_EQ(chmod((folder.path() / "script").c_str(), 0750), 0);
    ASSERT_TRUE(files.copy_file(folder.path() / "script", folder.path() / "copy"));
    struct stat status = {};
    ASSERT_EQ(stat((folder.path() / "copy").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0750U);
    EXPECT_EQ(files.read(folder.path() / "copy").value(), "#!/bin/sh\n");
}

TEST(SystemFilesystem, ErrorsNameThePathAndTheReason)
{
    SystemFilesystem files;
    const auto text = files.read("/nonexistent/file");
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().message, "cannot read /nonexistent/file: No such file or directory");
    EXPECT_EQ(text.error().code, ExitCode::failure);
}

TEST(SystemFilesystem, FreeSpaceOfAPathThatDoesNotExistIsThatOfItsFolder)
{
    SystemFilesystem files;
    EXPECT_GT(files.free_space("/tmp/krun-not/there/yet"), 0U);
    EXPECT_LT(files.free_space("/tmp/krun-not/there/yet"), std::numeric_limits<std::uintmax_t>::max());
}

TEST(FakeFilesystem, RenamesAFolderWithWhatIsInIt)
{
    FakeFilesystem files;
    files.add("/a/b/c", "text");
    ASSERT_TRUE(files.rename("/a/b", "/a/d"));
    EXPECT_EQ(files.read("/a/d/c").value(), "text");
    EXPECT_FALSE(files.exists("/a/b/c"));
    EXPECT_THAT(files.list("/a").value(), ElementsAre("d"));
}

} // namespace
} // namespace krun
