// SPDX-License-Identifier: MIT
// With the real programs, as what they print is what has to be understood; with a fake where one has to fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "hooks/workbench.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

const MergeLabels labels = {"the tree", "the line", "the hook"};

class WorkbenchTest : public testing::Test
{
  protected:
    static FilePatch changes(const std::string &text) { return parse_hook("a.patch", text).value().files.front(); }
    const FilePatch change = changes("--- a/f\n+++ b/f\n@@ -4,6 +4,7 @@\n 4\n 5\n 6\n+new\n 7\n 8\n 9\n");
    const std::string text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";

    SystemProcessRunner runner;
    SystemFilesystem files;
    Workbench bench = Workbench::make(Env{runner, files}).value();
};

TEST_F(WorkbenchTest, AHunkThatFitsIsPlacedExactly)
{
    const auto patched = bench.patch(text, change).value();
    EXPECT_EQ(patched.text, "1\n2\n3\n4\n5\n6\nnew\n7\n8\n9\n");
    EXPECT_TRUE(patched.complete());
    EXPECT_TRUE(patched.fates[0].exactly());
    EXPECT_EQ(patched.fates[0].line, 4U);
}

TEST_F(WorkbenchTest, WithoutHunksTheTextStaysAsItIs) { EXPECT_EQ(bench.patch(text, {"f", {}}).value().text, text); }

TEST_F(WorkbenchTest, OffsetAndFuzzAreToldApart)
{
    const auto moved = bench.patch("0\n" + text, change).value().fates[0];
    EXPECT_TRUE(moved.placed);
    EXPECT_FALSE(moved.exactly());
    EXPECT_EQ(moved.offset, 1);
    EXPECT_EQ(moved.fuzz, 0U);
    EXPECT_EQ(moved.line, 5U);
    const auto up = bench.patch("2\n3\n4\n5\n6\n7\n8\n9\n", change).value().fates[0];
    EXPECT_EQ(up.offset, -1);
    const auto fuzzy = bench.patch("1\n2\n3\nother\n5\n6\n7\n8\n9\n", change).value().fates[0];
    EXPECT_TRUE(fuzzy.placed);
    EXPECT_EQ(fuzzy.fuzz, 1U);
    EXPECT_EQ(fuzzy.line, 4U);
}

TEST_F(WorkbenchTest, OfTwoHunksTheOneThatFitsIsPlaced)
{
    auto two = changes("--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-x\n+no\n 2\n@@ -8,2 +8,3 @@\n 8\n+yes\n 9\n");
    const auto patched = bench.patch(text, two).value();
    EXPECT_FALSE(patched.complete());
    EXPECT_FALSE(patched.fates[0].placed);
    EXPECT_TRUE(patched.fates[1].placed);
    EXPECT_EQ(patched.text, "1\n2\n3\n4\n5\n6\n7\n8\nyes\n9\n");
}

TEST_F(WorkbenchTest, AChangeThatIsThereAlreadyIsNotTakenOut)
{
    const auto with = bench.patch(text, change).value().text;
    const auto again = bench.patch(with, change).value();
    EXPECT_EQ(again.text, with);
    EXPECT_FALSE(again.complete());
}

TEST_F(WorkbenchTest, ChangesAreTakenOutAgain)
{
    EXPECT_EQ(bench.unpatch(bench.patch(text, change).value().text, change).value(), text);
    const auto not_there = bench.unpatch("1\n", change);
    ASSERT_FALSE(not_there);
    EXPECT_THAT(not_there.error().message, HasSubstr("patch -R failed with status 1"));
}

TEST_F(WorkbenchTest, ADifferenceHasPathsAndNoTimes)
{
    EXPECT_EQ(bench.difference("k/f.c", "1\n", "1\n2\n").value(), "--- a/k/f.c\n+++ b/k/f.c\n@@ -1 +1,2 @@\n 1\n+2\n");
    EXPECT_EQ(bench.difference("k/f.c", "1\n", "1\n").value(), "");
}

TEST_F(WorkbenchTest, AMergeFindsAPlaceThatHasMovedFar)
{
    const auto merged =
        bench.merge("a\nb\nc\nX\n5\n6\n7\nY\n", text, "1\n2\n3\n4\n5\n6\nnew\n7\n8\n9\n", labels).value();
    EXPECT_TRUE(merged.clean);
    EXPECT_EQ(merged.text, "a\nb\nc\nX\n5\n6\nnew\n7\nY\n");
}

TEST_F(WorkbenchTest, AConflictShowsItsThreeSides)
{
    const auto merged = bench.merge("1\nhere\n3\n", "1\n2\n3\n", "1\nhook\n3\n", labels).value();
    EXPECT_FALSE(merged.clean);
    EXPECT_EQ(merged.conflict, "<<<<<<< the tree\nhere\n||||||| the line\n2\n=======\nhook\n>>>>>>> the hook\n");
}

TEST_F(WorkbenchTest, LongSidesOfAConflictAreShortened)
{
    std::string many;
    for (int line = 1; line <= 100; ++line)
        many += std::to_string(line) + " of many\n";
    const auto conflict = bench.merge("1\n" + many + "3\n", "1\n2\n3\n", "1\nhook\n3\n", labels).value().conflict;
    EXPECT_THAT(conflict, HasSubstr("8 of many\n[84 lines left out]\n93 of many\n"));
    EXPECT_THAT(conflict, Not(HasSubstr("\n9 of many")));
    EXPECT_THAT(conflict, HasSubstr("100 of many\n|||||||"));
}

TEST(Workbench, LeavesNothingBehind)
{
    SystemProcessRunner runner;
    SystemFilesystem files;
    const auto left = [] {
        std::size_t found = 0;
        for (const auto &entry : std::filesystem::directory_iterator(std::filesystem::temp_directory_path()))
            found += entry.path().filename().string().starts_with("krunctl-port-") ? 1 : 0;
        return found;
    };
    const auto before = left();
    {
        auto bench = Workbench::make(Env{runner, files}).value();
        const auto moved = std::move(bench);
        EXPECT_EQ(left(), before + 1);
    }
    EXPECT_EQ(left(), before);
}

TEST(Workbench, ProgramsThatFailAreErrors)
{
    FakeProcessRunner runner;
    SystemFilesystem files;
    auto bench = Workbench::make(Env{runner, files}).value();
    const auto change = parse_hook("a.patch", "--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+x\n").value().files.front();
    runner.on({"patch"}, 2, "", "patch: no space\n");
    runner.on({"diff"}, 2, "", "");
    runner.on({"git"}, 255, "", "fatal: strange\n");
    EXPECT_EQ(bench.patch("", change).error().message, "patch failed with status 2: patch: no space");
    EXPECT_EQ(bench.difference("f", "", "").error().message, "diff failed with status 2: it printed nothing");
    EXPECT_EQ(bench.merge("", "", "", labels).error().message, "git merge-file failed with status 255: fatal: strange");
    for (const auto *program : {"patch", "diff", "git"})
        runner.on({program}, [](const Command &) -> Result<ProcessResult> { return interrupted(); });
    EXPECT_EQ(bench.patch("", change).error().code, ExitCode::interrupted);
    EXPECT_EQ(bench.unpatch("", change).error().code, ExitCode::interrupted);
    EXPECT_EQ(bench.difference("f", "", "").error().code, ExitCode::interrupted);
    EXPECT_EQ(bench.merge("", "", "", labels).error().code, ExitCode::interrupted);
}

TEST(Workbench, AFullDiskIsAnError)
{
    FakeProcessRunner runner;
    FakeFilesystem files; // which has not got the folder: nothing can be written there
    auto bench = Workbench::make(Env{runner, files}).value();
    EXPECT_THAT(bench.difference("f", "", "").error().message, HasSubstr("cannot write"));
    EXPECT_TRUE(runner.commands.empty());
}

} // namespace
} // namespace krun
