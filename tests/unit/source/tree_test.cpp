// SPDX-License-Identifier: MIT
// Overlay and hooks: what is done to a kernel tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "source/hooks.hpp"
#include "source/overlay.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Overlay, CopiesOnlyWhatDiffersAndRemovesWhatIsGone)
{
    FakeFilesystem files;
    files.add("/from/same.c", "1");
    files.add("/from/changed.c", "2");
    files.add("/from/sub/new.c", "3");
    files.add("/to/same.c", "1");
    files.add("/to/changed.c", "old");
    files.add("/to/gone.c", "4");
    files.add("/to/gone/file.c", "5");
    EXPECT_EQ(mirror_folder(files, "/from", "/to").value(), 4U);
    EXPECT_THAT(files.written, ElementsAre("/to/changed.c", "/to/sub/new.c"));
    EXPECT_THAT(files.list("/to").value(), ElementsAre("changed.c", "same.c", "sub"));
    files.written.clear();
    EXPECT_EQ(mirror_folder(files, "/from", "/to").value(), 0U);
    EXPECT_TRUE(files.written.empty());
}

TEST(Overlay, NothingIsWrittenOrRemovedBehindALink)
{
    FakeFilesystem files;
    files.add("/from/a.c", "1");
    files.add("/from/sub/b.c", "2");
    files.add("/to/sub/precious", "3");
    files.links = {"/to/sub"};
    EXPECT_FALSE(mirror_folder(files, "/from", "/to"));
    EXPECT_TRUE(files.exists("/to/sub/precious"));
    files.links = {"/to"};
    EXPECT_FALSE(mirror_folder(files, "/from", "/to"));
    EXPECT_TRUE(files.exists("/to/sub/precious"));
    files.add("/to/a.c", "what the link leads to");
    files.links = {"/to/a.c"};
    EXPECT_FALSE(mirror_folder(files, "/from", "/to"));
    EXPECT_EQ(files.contents["/to/a.c"], "what the link leads to");
}

TEST(Overlay, ALinkIsFoundAtThePlaceAndAboveIt)
{
    FakeFilesystem files;
    const std::filesystem::path place = "tools/testing/krun";
    EXPECT_TRUE(expect_no_link(files, "/tree", place));
    files.links = {"/tree"}; // it is the user's, who named it
    EXPECT_TRUE(expect_no_link(files, "/tree", place));
    for (const auto *link : {"/tree/tools", "/tree/tools/testing", "/tree/tools/testing/krun"}) {
        files.links = {link};
        const auto free = expect_no_link(files, "/tree", place);
        ASSERT_FALSE(free) << link;
        EXPECT_THAT(free.error().message, HasSubstr(std::string(link) + " is a link"));
    }
}

TEST(Hooks, SeriesIsReadInOrderWithoutComments)
{
    FakeFilesystem files;
    files.add("/h/series", "# first\nb.patch -p1\n\na.patch # why\n");
    EXPECT_THAT(read_series(files, "/h").value(), ElementsAre("/h/b.patch", "/h/a.patch"));
    EXPECT_FALSE(read_series(files, "/none"));
}

// With the real patch(1): what it prints is what has to be understood.
class HooksTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(files.make_directories(folder.path() / "tree/kernel"));
        ASSERT_TRUE(files.make_directories(folder.path() / "hooks"));
        ASSERT_TRUE(files.write(folder.path() / "tree/kernel/sys.c", "one\ntwo\nthree\n"));
        ASSERT_TRUE(files.write(folder.path() / "hooks/series", "first.patch\n"));
    }
    void write_patch(const std::string &context)
    {
        ASSERT_TRUE(files.write(folder.path() / "hooks/first.patch",
                                "--- a/kernel/sys.c\n+++ b/kernel/sys.c\n@@ -1,3 +1,3 @@\n one\n-" + context +
                                    "\n+changed\n three\n"));
    }
    Result<void> apply() { return apply_hooks(runner, files, folder.path() / "hooks", folder.path() / "tree"); }

    TemporaryFolder folder;
    SystemProcessRunner runner;
    SystemFilesystem files;
};

TEST_F(HooksTest, AFileThatIsALinkIsNotPatched)
{
    write_patch("two");
    const auto outside = folder.path() / "outside.c";
    std::filesystem::rename(folder.path() / "tree/kernel/sys.c", outside);
    std::filesystem::create_symlink(outside, folder.path() / "tree/kernel/sys.c");
    EXPECT_FALSE(apply());
    EXPECT_EQ(files.read(outside).value(), "one\ntwo\nthree\n");
}

TEST_F(HooksTest, Applies)
{
    write_patch("two");
    const auto applied = apply();
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_EQ(files.read(folder.path() / "tree/kernel/sys.c").value(), "one\nchanged\nthree\n");
    EXPECT_THAT(files.list(folder.path() / "tree/kernel").value(), ElementsAre("sys.c"));
}

TEST_F(HooksTest, AFailureNamesPatchHunkAndFile)
{
    write_patch("other");
    const auto applied = apply();
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().message, "the hook first.patch does not apply: hunk #1 of kernel/sys.c failed; look at "
                                       "kernel/sys.c, at about line 1");
    EXPECT_THAT(applied.error().hint, HasSubstr("krunctl port TREE"));
    EXPECT_EQ(files.read(folder.path() / "tree/kernel/sys.c").value(), "one\ntwo\nthree\n");
}

TEST_F(HooksTest, ThePlaceIsNamedInTheUsersTerms)
{
    write_patch("other");
    const auto fail = [this](const HookedSource &source) {
        return apply_hooks(runner, files, folder.path() / "hooks", folder.path() / "tree", source).error();
    };
    EXPECT_THAT(fail({"linux.tar", {}}).message, HasSubstr("look at kernel/sys.c of linux.tar, at about line 1"));
    EXPECT_THAT(fail({"linux", "/home/linux"}).message, HasSubstr("look at /home/linux/kernel/sys.c, at about line 1"));
    EXPECT_THAT(fail({"linux", "/home/linux"}).hint, HasSubstr("krunctl port /home/linux"));
}

TEST_F(HooksTest, AMissingFileOfTheTreeIsSaid)
{
    write_patch("two");
    ASSERT_TRUE(files.remove_all(folder.path() / "tree/kernel/sys.c"));
    EXPECT_THAT(apply().error().message, HasSubstr("kernel/sys.c is not in the tree"));
}

TEST_F(HooksTest, APatchThatTheSeriesNamesMustExist)
{
    EXPECT_THAT(apply().error().message, HasSubstr("first.patch, which does not exist"));
}

} // namespace
} // namespace krun
