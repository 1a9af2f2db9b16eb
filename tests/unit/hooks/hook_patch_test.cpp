// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hooks/hook_patch.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char *two_files = "Krun: a title\n\nWhy it is needed.\n---\n"
                                  "--- a/kernel/exit.c\tMon Jan 1\n+++ b/kernel/exit.c\tMon Jan 1\n"
                                  "@@ -74,3 +74,4 @@ static void f(void)\n one\n\n+added\n three\n"
                                  "@@ -920 +921,2 @@\n-old\n+new\n+more\n\\ No newline at end of file\n"
                                  "diff --git a/Kconfig b/Kconfig\nindex 1..2 100644\n"
                                  "--- a/Kconfig\n+++ b/Kconfig\n@@ -0,0 +1 @@\n+first\n";

TEST(HookPatch, IsTakenApartIntoDescriptionFilesAndHunks)
{
    const auto hook = parse_hook("a.patch", two_files).value();
    EXPECT_EQ(hook.name, "a.patch");
    EXPECT_EQ(hook.description, "Krun: a title\n\nWhy it is needed.\n---\n");
    ASSERT_EQ(hook.files.size(), 2U);
    EXPECT_EQ(hook.files[0].path, "kernel/exit.c");
    ASSERT_EQ(hook.files[0].hunks.size(), 2U);
    const auto &first = hook.files[0].hunks[0];
    EXPECT_EQ(first.number, 1U);
    EXPECT_EQ(first.old_line, 74U);
    EXPECT_EQ(first.section, "static void f(void)");
    EXPECT_THAT(first.lines, ElementsAre(" one", " ", "+added", " three"));
    EXPECT_EQ(first.leading_context(), 2U);
    EXPECT_EQ(first.trailing_context(), 1U);
    const auto &second = hook.files[0].hunks[1];
    EXPECT_EQ(second.number, 2U);
    EXPECT_THAT(second.lines, ElementsAre("-old", "+new", "+more", "\\ No newline at end of file"));
    EXPECT_EQ(hook.files[1].path, "Kconfig");
    EXPECT_EQ(hook.files[1].text(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -0,0 +1 @@\n+first\n");
}

void expect_refused(const std::string &text, const std::string &why)
{
    const auto hook = parse_hook("a.patch", text);
    ASSERT_FALSE(hook) << text;
    EXPECT_EQ(hook.error().code, ExitCode::failure);
    EXPECT_THAT(hook.error().message, HasSubstr("the hook a.patch is malformed: "));
    EXPECT_THAT(hook.error().message, HasSubstr(why));
}

TEST(HookPatch, WhatIsNoPatchOfExistingFilesIsRefusedWithItsReason)
{
    const std::string header = "--- a/f\n+++ b/f\n";
    expect_refused("", "it changes no file");
    expect_refused("only words\n", "it changes no file");
    expect_refused("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+x\n", "adds or removes a whole file");
    expect_refused("--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", "adds or removes a whole file");
    expect_refused("--- f\n+++ f\n@@ -1 +1,2 @@\n x\n+y\n", "line 2 names no file");
    expect_refused(header, "line 3 should begin a hunk of f");
    expect_refused(header + "@@ -x +1 @@\n+x\n", "line 3 is not an @@ line");
    expect_refused(header + "@@ -1,2,3 +1 @@\n+x\n", "line 3 is not an @@ line");
    expect_refused(header + "@@ -1,2 +1,3 @@\n x\n+y\n", "the hunk in line 3 ends too early");
    expect_refused(header + "@@ -1,2 +1,3 @@\n x\nwhat\n", "line 5 does not belong to its hunk");
    expect_refused(header + "@@ -1,1 +1,2 @@\n-x\n-y\n", "line 5 does not belong to its hunk");
}

} // namespace
} // namespace krun
