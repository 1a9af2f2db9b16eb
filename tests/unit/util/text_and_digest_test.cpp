// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/temporary_folder.hpp"
#include "util/digest.hpp"
#include "util/file_lock.hpp"
#include "util/filesystem.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Text, SplitsLinesAndWords)
{
    EXPECT_THAT(split("a||b", '|'), ElementsAre("a", "", "b"));
    EXPECT_THAT(lines_of("a\n\nb"), ElementsAre("a", "", "b"));
    EXPECT_THAT(lines_of("a\n"), ElementsAre("a"));
    EXPECT_THAT(lines_of(""), IsEmpty());
    EXPECT_THAT(words_of("  a \t b\n"), ElementsAre("a", "b"));
    EXPECT_EQ(trim(" \t x y \n"), "x y");
    EXPECT_EQ(trim("  "), "");
}

TEST(Text, LastLinesAreNoMoreThanThereAre)
{
    EXPECT_EQ(last_lines("a\nb\nc\n", 2), "b\nc\n");
    EXPECT_EQ(last_lines("a\n", 5), "a\n");
}

TEST(Text, QuotesOnlyWhatNeedsIt)
{
    EXPECT_EQ(shell_quoted("plain-1.2/x=y"), "plain-1.2/x=y");
    EXPECT_EQ(shell_quoted(""), "''");
    EXPECT_EQ(shell_quoted("a b"), "'a b'");
    EXPECT_EQ(shell_quoted("a'b"), R"('a'\''b')");
}

TEST(Digest, OfATextIsSha256)
{
    SystemProcessRunner runner;
    EXPECT_EQ(sha256_of_text(runner, "abc").value(),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, OfATreeSeesContentsAndNames)
{
    const TemporaryFolder folder;
    SystemFilesystem files;
    SystemProcessRunner runner;
    const auto digest = [&] { return sha256_of_tree(runner, folder.path()).value(); };
    const auto empty = digest();
    ASSERT_TRUE(files.make_directories(folder.path() / "in"));
    ASSERT_TRUE(files.write(folder.path() / "in/a file\nname", "1"));
    const auto first = digest();
    EXPECT_NE(first, empty);
    EXPECT_EQ(digest(), first);
    ASSERT_TRUE(files.write(folder.path() / "in/a file\nname", "2"));
    const auto second = digest();
    EXPECT_NE(second, first);
    ASSERT_TRUE(files.rename(folder.path() / "in/a file\nname", folder.path() / "in/other"));
    EXPECT_NE(digest(), second);
}

TEST(FileLock, IsHadByOneAtATime)
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "new/lock";
    {
        const auto first = FileLock::acquire(path, "a test");
        ASSERT_TRUE(first);
        EXPECT_FALSE(FileLock::try_acquire(path));
    }
    EXPECT_TRUE(FileLock::try_acquire(path));
}

} // namespace
} // namespace krun
