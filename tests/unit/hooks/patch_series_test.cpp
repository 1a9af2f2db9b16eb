// SPDX-License-Identifier: MIT
// A folder of patches and its series, with the real patch(1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "hooks/hook_patch.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ReadSeries, SeriesIsReadInOrderWithoutComments)
{
    FakeFilesystem files;
    files.add("/h/series", "# first\nb.patch -p1\n\na.patch # why\n");
    EXPECT_THAT(read_series(files, "/h").value(), ElementsAre("/h/b.patch", "/h/a.patch"));
    EXPECT_FALSE(read_series(files, "/none"));
}

// With the real patch(1): what it prints is what has to be understood.
class PatchSeries : public testing::Test
{
  protected:
    void SetUp() override
    {
        ASSERT_TRUE(files.make_directories(folder.path() / "tree/kernel"));
        ASSERT_TRUE(files.make_directories(folder.path() / "patches"));
        ASSERT_TRUE(files.write(folder.path() / "tree/kernel/sys.c", "one\ntwo\nthree\n"));
        ASSERT_TRUE(files.write(folder.path() / "patches/series", "first.patch\n"));
    }
    void write_patch(const std::string &context)
    {
        ASSERT_TRUE(files.write(folder.path() / "patches/first.patch",
                                "--- a/kernel/sys.c\n+++ b/kernel/sys.c\n@@ -1,3 +1,3 @@\n one\n-" + context +
                                    "\n+changed\n three\n"));
    }
    Result<void> apply() { return apply_series(Env{runner, files}, folder.path() / "patches", folder.path() / "tree"); }

    TemporaryFolder folder;
    SystemProcessRunner runner;
    SystemFilesystem files;
};

TEST_F(PatchSeries, AFileThatIsALinkIsNotPatched)
{
    write_patch("two");
    const auto outside = folder.path() / "outside.c";
    std::filesystem::rename(folder.path() / "tree/kernel/sys.c", outside);
    std::filesystem::create_symlink(outside, folder.path() / "tree/kernel/sys.c");
    EXPECT_FALSE(apply());
    EXPECT_EQ(files.read(outside).value(), "one\ntwo\nthree\n");
}

TEST_F(PatchSeries, Applies)
{
    write_patch("two");
    const auto applied = apply();
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_EQ(files.read(folder.path() / "tree/kernel/sys.c").value(), "one\nchanged\nthree\n");
    EXPECT_THAT(files.list(folder.path() / "tree/kernel").value(), ElementsAre("sys.c"));
}

TEST_F(PatchSeries, AFailureNamesPatchHunkAndFile)
{
    write_patch("other");
    const auto applied = apply();
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().message, "the patch first.patch does not apply: hunk #1 of kernel/sys.c failed; look at "
                                       "kernel/sys.c, at about line 1");
    EXPECT_EQ(files.read(folder.path() / "tree/kernel/sys.c").value(), "one\ntwo\nthree\n");
}

TEST_F(PatchSeries, AMissingFileOfTheTreeIsSaid)
{
    write_patch("two");
    ASSERT_TRUE(files.remove_all(folder.path() / "tree/kernel/sys.c"));
    EXPECT_THAT(apply().error().message, HasSubstr("kernel/sys.c is not in the tree"));
}

TEST_F(PatchSeries, APatchThatTheSeriesNamesMustExist)
{
    EXPECT_THAT(apply().error().message, HasSubstr("first.patch, which does not exist"));
}

} // namespace
} // namespace krun
