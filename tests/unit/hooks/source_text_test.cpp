// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_process_runner.hpp"
#include "fakes/temporary_folder.hpp"
#include "hooks/source_text.hpp"
#include "util/filesystem.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char *source = "#include <x.h>\n\nstatic int first(int a)\n{\n\tint b;\nout:\n\treturn a;\n}\n\n"
                               "struct thing {\n\tint member;\n};\nint last;\n";

Hunk hunk_of(const std::string &text)
{
    return parse_hook("a.patch", "--- a/f\n+++ b/f\n" + text).value().files[0].hunks[0];
}

TEST(SourceText, ALineIsInsideTheFunctionThatIsOpenThere)
{
    EXPECT_EQ(heading_of(source, 7), "static int first(int a)");
    EXPECT_EQ(heading_of(source, 11), "struct thing {");
    EXPECT_EQ(heading_of(source, 1), "");
    EXPECT_EQ(heading_of(source, 9), "") << "after its end no function is open";
    EXPECT_EQ(heading_of(source, 1000), "") << "a declaration holds nothing";
    EXPECT_EQ(heading_of("obj-$(CONFIG_X) += x/\n\n", 2), "");
    EXPECT_EQ(heading_of("__setup(\"x=\", f);\n\n", 2), "");
    EXPECT_EQ(heading_of("", 1), "");
    EXPECT_EQ(heading_of("", 0), "");
}

TEST(SourceText, TheNameOfAHeading)
{
    EXPECT_EQ(name_in_heading("void __noreturn do_exit(long code)"), "do_exit");
    EXPECT_EQ(name_in_heading("struct signal_struct {"), "signal_struct");
    EXPECT_EQ(name_in_heading("config NO_HZ_FULL"), "NO_HZ_FULL");
    EXPECT_EQ(name_in_heading("int last;"), "");
    EXPECT_EQ(name_in_heading(""), "");
}

TEST(SourceText, APlacedHunkCanBeThoughtAway)
{
    const auto hunk = hunk_of("@@ -2,3 +2,3 @@\n 2\n-3\n+new\n 4\n");
    EXPECT_EQ(without_hunk("1\n2\nnew\n4\n5\n", hunk, 2), "1\n2\n3\n4\n5\n");
    EXPECT_EQ(without_hunk("1\nother\nnew\n4\n", hunk, 2), "1\nother\n3\n4\n") << "context may differ: that is fuzz";
    EXPECT_FALSE(without_hunk("1\n2\nother\n4\n", hunk, 2));
    EXPECT_FALSE(without_hunk("1\n2\n", hunk, 2)) << "beyond the end";
    EXPECT_FALSE(without_hunk("1\n", hunk, 9));
    EXPECT_EQ(without_hunk("+\n", hunk_of("@@ -0,0 +1 @@\n++\n"), 1), "");
}

TEST(SourceText, TheFirstLineThatDiffers)
{
    EXPECT_EQ(first_difference("1\n2\n", "1\nx\n2\n"), 2U);
    EXPECT_EQ(first_difference("1\n", "1\n2\n"), 2U);
    EXPECT_EQ(first_difference("x", "y"), 1U);
}

class WhereToLook : public testing::Test
{
  protected:
    std::vector<std::string> look(const std::string &text, const std::string &heading)
    {
        return where_to_look(runner, folder.path(), "kernel/a.c", text, hunk, heading);
    }
    void add(const std::string &path, const std::string &text)
    {
        ASSERT_TRUE(files.make_directories((folder.path() / path).parent_path()));
        ASSERT_TRUE(files.write(folder.path() / path, text));
    }
    const Hunk hunk =
        hunk_of("@@ -2,4 +2,4 @@\n \tif (condition)\n \t\tact_on(it);\n-\told_call();\n+\tnew_call();\n }\n");
    TemporaryFolder folder;
    SystemProcessRunner runner;
    SystemFilesystem files;
};

TEST_F(WhereToLook, TellsWhatIsStillThereAndWhatIsGone)
{
    const auto hints = look("int f(void)\n{\n\tif (condition)\n\t\tact_on(it);\n}\n", "static int f(void)");
    EXPECT_THAT(hints, ElementsAre("`f` begins in line 1", "line 3 still has `if (condition)`",
                                   "line 4 still has `act_on(it);`", "no line has `old_call();`",
                                   "the change was at the end of the file, which now has 5 lines"));
}

TEST_F(WhereToLook, ALineThatIsEverywhereIsNoHint)
{
    const auto hints = look("act_on(it);\nact_on(it);\nact_on(it);\nact_on(it);\nif (condition)\nif (condition)\n", "");
    EXPECT_THAT(hints, Contains("lines 5, 6 still have `if (condition)`"));
    EXPECT_THAT(hints, Not(Contains(HasSubstr("act_on"))));
}

TEST_F(WhereToLook, AFunctionThatMovedIsFoundInItsFolder)
{
    add("kernel/sub/b.c", "int f(void);\nint g(void)\n{\n\tf();\n}\nint f(void)\n{\n}\n");
    add("other/c.c", "int f(void)\n{\n}\n");
    EXPECT_THAT(look("int f(void);\n", "int f(void)"), Contains("`f` is not in this file, but in kernel/sub/b.c:6"));
    EXPECT_THAT(look("", "int h(void)"), Contains("`h` was found neither in this file nor beside it"));
}

TEST_F(WhereToLook, AFileThatMovedIsFoundByItsName)
{
    add("new/a.c", "");
    EXPECT_THAT(where_the_file_is(runner, folder.path(), "kernel/a.c"),
                ElementsAre("this kernel has no kernel/a.c", "files of the same name: new/a.c"));
    EXPECT_THAT(where_the_file_is(runner, folder.path(), "kernel/none.c"),
                ElementsAre("this kernel has no kernel/none.c"));
}

TEST(WhereToLookWithout, GrepAndFindTheHintsAreFewer)
{
    FakeProcessRunner runner;
    for (const auto *program : {"grep", "find"})
        runner.on({program}, [](const Command &) -> Result<ProcessResult> { return failure("no such program"); });
    const auto hunk = hunk_of("@@ -1,2 +1,3 @@\n x\n+y\n z\n");
    EXPECT_THAT(where_to_look(runner, "/t", "a.c", "x\n", hunk, "int f(void)"),
                ElementsAre("`f` was found neither in this file nor beside it"));
    EXPECT_THAT(where_the_file_is(runner, "/t", "a.c"), ElementsAre("this kernel has no a.c"));
}

} // namespace
} // namespace krun
