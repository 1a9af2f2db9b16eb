// SPDX-License-Identifier: MIT
// Hooks on their way into another kernel, with the real patch(1), diff(1) and git merge-file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "porting/port_hooks.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PortHooks : public testing::Test
{
  protected:
    void add_tree(const std::string &path, const std::string &text)
    {
        const auto file = folder.path() / path;
        std::filesystem::create_directories(file.parent_path());
        ASSERT_TRUE(files.write(file, text));
    }
    void add_hook(const std::string &name, const std::string &diffs)
    {
        input.hooks.push_back(parse_hook(name, "About it.\n---\n" + diffs).value());
    }
    std::vector<HookReport> port()
    {
        input.tree = folder.path();
        input.labels = {"tree", "line", "hook"};
        auto ported = port_hooks(Env{runner, files}, bench, input);
        EXPECT_TRUE(ported) << ported.error().message;
        return ported.value_or(std::vector<HookReport>());
    }

    const std::string hook_text = "--- a/f.c\n+++ b/f.c\n@@ -4,6 +4,7 @@\n 4\n 5\n 6\n+new\n 7\n 8\n 9\n";
    const std::string two_changes =
        "--- a/f.c\n+++ b/f.c\n@@ -1,9 +1,11 @@\n 1\n 2\n 3\n+early\n 4\n 5\n 6\n+new\n 7\n 8\n 9\n";
    const std::string base_text = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";

    TemporaryFolder folder;
    PortInput input;
    SystemProcessRunner runner;
    SystemFilesystem files;
    Workbench bench = Workbench::make(Env{runner, files}).value();
};

TEST_F(PortHooks, APatchThatMovedIsMadeAnewForItsNewPlace)
{
    add_tree("f.c", "int f(void)\n{\n0\n" + base_text);
    add_hook("a.patch", hook_text);
    const auto report = port().at(0);
    EXPECT_TRUE(report.complete());
    EXPECT_EQ(report.name, "a.patch");
    EXPECT_EQ(report.description, "About it.\n---\n");
    EXPECT_EQ(report.diffs, "--- a/f.c\n+++ b/f.c\n@@ -7,6 +7,7 @@\n 4\n 5\n 6\n+new\n 7\n 8\n 9\n");
    const auto &hunk = report.hunks.at(0);
    EXPECT_EQ(hunk.place, Place::moved);
    EXPECT_EQ(hunk.offset, 3);
    EXPECT_EQ(hunk.line, 7U);
    EXPECT_EQ(hunk.inside, "int f(void)");
}

TEST_F(PortHooks, ALaterHookFindsWhatAnEarlierOneDid)
{
    add_tree("f.c", base_text);
    add_hook("a.patch", hook_text);
    add_hook("b.patch", "--- a/f.c\n+++ b/f.c\n@@ -5,4 +5,5 @@\n 5\n 6\n new\n+newer\n 7\n");
    input.base["f.c"] = base_text;
    const auto reports = port();
    EXPECT_EQ(reports.at(0).hunks.at(0).place, Place::exactly);
    EXPECT_TRUE(reports.at(1).complete());
    EXPECT_THAT(reports.at(1).diffs, HasSubstr(" new\n+newer\n 7\n"));
}

TEST_F(PortHooks, WhatPatchCannotPlaceTheMergeCan)
{
    // A line has changed in the hunk's middle, where patch(1) allows for nothing.
    add_tree("f.c", "0\n1\n2\n3\n4\nother\n6\n7\n8\n9\n10\n");
    add_hook("a.patch", two_changes);
    input.base["f.c"] = base_text;
    const auto report = port().at(0);
    EXPECT_EQ(report.hunks.at(0).place, Place::merged);
    EXPECT_EQ(report.hunks.at(0).line, 5U);
    EXPECT_THAT(report.diffs, HasSubstr(" 3\n+early\n 4\n other\n 6\n+new\n 7\n"));
}

TEST_F(PortHooks, WithoutABaseThereIsNoMerge)
{
    add_tree("f.c", "0\n1\n2\n3\n4\nother\n6\n7\n8\n9\n10\n");
    add_hook("a.patch", two_changes);
    const auto report = port().at(0);
    EXPECT_FALSE(report.complete());
    EXPECT_EQ(report.diffs, "");
    EXPECT_EQ(report.hunks.at(0).conflict, "");
}

TEST_F(PortHooks, AConflictIsReportedAndTheOtherHunkTaken)
{
    const std::string two = "--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,3 @@\n 1\n+early\n 2\n"
                            "@@ -6,3 +7,3 @@ int g(void)\n 6\n-7\n+changed\n 8\n";
    add_tree("f.c", "1\n2\n3\n4\n5\n6\nseven\n8\n9\n10\n");
    add_hook("a.patch", two);
    input.base["f.c"] = "int f(void)\n" + base_text;
    const auto report = port().at(0);
    EXPECT_THAT(report.diffs, HasSubstr("+early\n"));
    EXPECT_THAT(report.diffs, Not(HasSubstr("changed")));
    const auto &missing = report.hunks.at(1);
    EXPECT_TRUE(missing.is_missing());
    EXPECT_EQ(missing.number, 2U);
    EXPECT_EQ(missing.old_line, 6U);
    EXPECT_EQ(missing.inside, "int f(void)");
    EXPECT_EQ(missing.text, "@@ -6,3 +7,3 @@ int g(void)\n 6\n-7\n+changed\n 8\n");
    EXPECT_THAT(missing.conflict, HasSubstr("seven\n||||||| line\n7\n=======\nchanged\n>>>>>>> hook\n"));
}

TEST_F(PortHooks, FuzzIsConfirmedByAMergeThatAgrees)
{
    add_tree("f.c", "1\n2\n3\nother\n5\n6\n7\n8\n9\n10\n");
    add_hook("a.patch", hook_text);
    EXPECT_TRUE(port().at(0).hunks.at(0).wants_a_look()) << "nothing to confirm it with";
    input.base["f.c"] = base_text;
    const auto hunk = port().at(0).hunks.at(0);
    EXPECT_EQ(hunk.place, Place::fuzzy);
    EXPECT_EQ(hunk.fuzz, 1U);
    EXPECT_TRUE(hunk.confirmed);
    EXPECT_FALSE(hunk.wants_a_look());
}

TEST_F(PortHooks, FuzzInTheWrongPlaceWantsALook)
{
    // patch(1) takes the first place with "6" and "7"; the function that the hook means has lost both.
    add_tree("f.c", "a\nx\nx\n6\n7\nx\nb\n"
                    "1\n2\n3\n4\n5\nmoved\n8\n9\n10\n");
    add_hook("a.patch", hook_text);
    input.base["f.c"] = base_text;
    const auto hunk = port().at(0).hunks.at(0);
    ASSERT_EQ(hunk.place, Place::fuzzy);
    EXPECT_FALSE(hunk.confirmed);
    EXPECT_TRUE(hunk.wants_a_look());
}

TEST_F(PortHooks, AChangeThatTheKernelHasAlreadyIsNotMissing)
{
    add_tree("f.c", "1\n2\n3\n4\n5\n6\nnew\n7\n8\n9\n10\n");
    add_hook("a.patch", hook_text);
    input.base["f.c"] = base_text;
    const auto report = port().at(0);
    EXPECT_TRUE(report.complete());
    EXPECT_EQ(report.hunks.at(0).place, Place::there);
    EXPECT_EQ(report.diffs, "");
}

TEST_F(PortHooks, AFileThatTheTreeLacksIsSaid)
{
    add_tree("moved/f.c", "");
    add_hook("a.patch", hook_text);
    const auto hunk = port().at(0).hunks.at(0);
    EXPECT_TRUE(hunk.is_missing());
    EXPECT_EQ(hunk.file, "f.c");
    EXPECT_EQ(hunk.text, "@@ -4,6 +4,7 @@\n 4\n 5\n 6\n+new\n 7\n 8\n 9\n");
    EXPECT_THAT(hunk.look, ElementsAre("this kernel has no f.c", "files of the same name: moved/f.c"));
}

TEST_F(PortHooks, ProgramsThatFailEndIt)
{
    add_tree("f.c", base_text);
    add_hook("a.patch", hook_text);
    input.tree = folder.path();
    FakeProcessRunner broken;
    auto other_bench = Workbench::make(Env{broken, files}).value();
    broken.on({"patch"}, 2, "", "patch: broken\n");
    EXPECT_THAT(port_hooks(Env{broken, files}, other_bench, input).error().message, HasSubstr("patch: broken"));
    broken.on({"patch"}, 0);
    broken.on({"diff"}, 2, "", "diff: broken\n");
    EXPECT_THAT(port_hooks(Env{broken, files}, other_bench, input).error().message, HasSubstr("diff: broken"));
}

TEST_F(PortHooks, APatchThatWouldNotFitExactlyIsNeverHandedOut)
{
    add_tree("f.c", base_text);
    add_hook("a.patch", hook_text);
    input.tree = folder.path();
    FakeProcessRunner wrong;
    auto other_bench = Workbench::make(Env{wrong, files}).value();
    wrong.on({"patch"}, 0, "Hunk #1 succeeded at 5 (offset 1 line).\n");
    wrong.on({"diff"}, 1, hook_text);
    EXPECT_EQ(port_hooks(Env{wrong, files}, other_bench, input).error().message,
              "the new a.patch does not fit f.c exactly");
}

} // namespace
} // namespace krun
