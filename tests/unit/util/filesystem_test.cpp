// SPDX-License-Identifier: MIT
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
