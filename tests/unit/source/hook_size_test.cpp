// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "source/hook_size.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;

constexpr const char *one_added = "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n one\n+new\n two\n";

TEST(ChangedLines, AddedAndRemovedCountAndContextDoesNot)
{
    EXPECT_EQ(changed_lines(one_added), 1U);
    EXPECT_EQ(changed_lines("--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@ void f(void)\n one\n-two\n+2\n three\n"), 2U);
    EXPECT_EQ(changed_lines(""), 0U);
}

TEST(ChangedLines, TheMessageAndTheHeadersDoNotCount)
{
    EXPECT_EQ(changed_lines(std::string("Subject\n\n- a list\n+ of reasons\n---\n") + one_added), 1U);
}

TEST(ChangedLines, AChangedLineMayLookLikeAHeader)
{
    EXPECT_EQ(changed_lines("--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n---- old\n++++ new\n same\n"), 2U);
}

TEST(ChangedLines, EveryHunkOfEveryFileCounts)
{
    const std::string two_hunks = "@@ -1 +1 @@\n-a\n+b\n@@ -9,0 +10,2 @@\n+c\n+d\n";
    EXPECT_EQ(changed_lines("--- a/f\n+++ b/f\n" + two_hunks + "--- a/g\n+++ b/g\n" + two_hunks), 8U);
}

TEST(ChangedLines, AnEmptyContextLineMayHaveLostItsBlankAndAFileItsLastNewline)
{
    EXPECT_EQ(changed_lines("--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n\n-x\n\\ No newline at end of file\n+y\n"), 2U);
}

class HookSizeTest : public testing::Test
{
  protected:
    FakeFilesystem files;
};

TEST_F(HookSizeTest, SumsUpWhatTheSeriesNamesAndNothingElse)
{
    files.add("/h/series", "a.patch\nb.patch\n");
    for (const auto *name : {"/h/a.patch", "/h/b.patch", "/h/forgotten.patch"})
        files.add(name, one_added);
    EXPECT_EQ(hook_size(files, "/h").value(), 2U);
}

TEST_F(HookSizeTest, APatchThatIsNotThereIsAnError)
{
    files.add("/h/series", "a.patch\n");
    const auto size = hook_size(files, "/h");
    ASSERT_FALSE(size);
    EXPECT_THAT(size.error().message, HasSubstr("/h/a.patch"));
}

TEST_F(HookSizeTest, HooksWithoutASeriesAreAnError) { EXPECT_FALSE(hook_size(files, "/h")); }

} // namespace
} // namespace krun
