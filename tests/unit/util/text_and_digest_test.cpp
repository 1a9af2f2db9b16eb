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

TEST(Text, AFieldIsTheFirstOfExactlyThatName)
{
    const std::string text = "more name:\tno\nname\t: a: b \nname: later\nempty:\nno field\n";
    EXPECT_EQ(field_of(text, "name"), "a: b");
    EXPECT_EQ(field_of(text, "empty"), "");
    EXPECT_EQ(field_of(text, "nam"), "");
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

TEST(Text, OfOthersIsShownSoThatATerminalObeysNothing)
{
    EXPECT_EQ(printable("plain\ttext\n"), "plain\ttext\n");
    EXPECT_EQ(printable("\x1b]0;title\a\x7f\r"), "\\x1b]0;title\\x07\\x7f\\x0d");
    EXPECT_EQ(printable("K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80"), "K\xc3\xb6ln \xe2\x82\xac \xf0\x9f\x98\x80");
    EXPECT_EQ(printable("\xc2\x9b"
                        "31m"),
              "\\xc2\\x9b31m"); // the control sequence introducer as one character
    EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
    EXPECT_EQ(printable("\xc0\xaf\xe0\x80\xaf\xed\xa0\x80"), "\\xc0\\xaf\\xe0\\x80\\xaf\\xed\\xa0\\x80");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
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

TEST(FileLock, IsNotFollowedThroughALink)
{
    const TemporaryFolder folder;
    std::filesystem::create_symlink(folder.path() / "elsewhere", folder.path() / "lock");
    EXPECT_FALSE(FileLock::acquire(folder.path() / "lock", "a test"));
    EXPECT_FALSE(FileLock::try_acquire(folder.path() / "lock"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "elsewhere"));
}

TEST(FileLock, AloneIsInAFolderThatNobodyElseCanEnter)
{
    using std::filesystem::perms;
    const TemporaryFolder folder;
    const auto own = folder.path() / "run/krunctl";
    {
        ASSERT_TRUE(FileLock::acquire_alone(own / "lock", "a test"));
        EXPECT_EQ(std::filesystem::status(own).permissions(), perms::owner_all);
        EXPECT_EQ(std::filesystem::status(own / "lock").permissions(), perms::owner_read | perms::owner_write);
        ASSERT_TRUE(FileLock::acquire_alone(own / "lock", "a test")); // it is there already
    }
    std::filesystem::permissions(own, perms::all);
    EXPECT_FALSE(FileLock::acquire_alone(own / "lock", "a test"));
    std::filesystem::remove_all(own);
    std::filesystem::create_directory_symlink(folder.path(), own);
    EXPECT_FALSE(FileLock::acquire_alone(own / "lock", "a test"));
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "lock"));
}

} // namespace
} // namespace krun
