// SPDX-License-Identifier: MIT
// hooks.toml and the variants beside it and in the folders of lines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "hooks/known_hooks.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char *one_line_added = "--- a/f\n+++ b/f\n@@ -1,2 +1,3 @@\n one\n+new\n two\n";
constexpr const char *list_of_two = "[[hook]]\nname = 'second'\n\n[[hook]]\nname = 'first'\n";

std::vector<std::string> series_of(const Hook &hook)
{
    std::vector<std::string> series;
    for (const auto &variant : hook.variants)
        series.push_back(variant.series);
    return series;
}

class KnownHooks : public testing::Test
{
  protected:
    void list(const std::string &toml) { files.add("/d/kernel/hooks/hooks.toml", toml); }
    void add_variant(const std::string &hook, const std::string &series, const std::string &text = one_line_added)
    {
        files.add("/d/kernel/hooks/" + hook + "/" + series + ".patch", text);
    }
    void add_to_line(const std::string &line, const std::string &hook, const std::string &text = one_line_added)
    {
        files.add("/d/kernel/lines/" + line + "/hooks/" + hook + ".patch", text);
    }
    Hook only_hook()
    {
        auto hooks = load_hooks(files, "/d");
        EXPECT_TRUE(hooks) << hooks.error().message;
        EXPECT_EQ(hooks.value_or(std::vector<Hook>()).size(), 1U);
        return hooks ? hooks->at(0) : Hook();
    }
    void expect_refused(const std::string &why)
    {
        const auto hooks = load_hooks(files, "/d");
        ASSERT_FALSE(hooks) << why;
        EXPECT_EQ(hooks.error().code, ExitCode::failure);
        EXPECT_THAT(hooks.error().message, HasSubstr(why));
    }
    void expect_list_refused(const std::string &toml, const std::string &why)
    {
        list(toml);
        expect_refused("/d/kernel/hooks/hooks.toml:" + why);
    }
    FakeFilesystem files;
};

TEST_F(KnownHooks, AllKeysAreRead)
{
    list("[[hook]]\nname = 'quiet'\nrequired = false\n"
         "needed = [{ file = 'kernel/a.c', has = ['one', 'two'] }]\n"
         "done = [{ file = 'kernel/b.c', has = ['three'] }, { file = 'kernel/c.c', has = ['four'] }]\n"
         "by_itself = 'it is quiet'\nwithout = 'it is loud'\nwhole = ['kernel/d.c']\n");
    add_variant("quiet", "5.8");
    const auto hook = only_hook();
    EXPECT_EQ(hook.name, "quiet");
    EXPECT_FALSE(hook.required);
    ASSERT_EQ(hook.needed.size(), 1U);
    EXPECT_EQ(hook.needed[0].file, "kernel/a.c");
    EXPECT_THAT(hook.needed[0].has, ElementsAre("one", "two"));
    ASSERT_EQ(hook.done.size(), 2U);
    EXPECT_EQ(hook.done[1].file, "kernel/c.c");
    EXPECT_THAT(hook.done[1].has, ElementsAre("four"));
    EXPECT_EQ(hook.by_itself, "it is quiet");
    EXPECT_EQ(hook.without, "it is loud");
    EXPECT_THAT(hook.whole, ElementsAre("kernel/d.c"));
    ASSERT_EQ(hook.variants.size(), 1U);
    EXPECT_EQ(hook.variants[0].file, "/d/kernel/hooks/quiet/5.8.patch");
    EXPECT_EQ(hook.variants[0].patch.files.at(0).path, "f");
}

TEST_F(KnownHooks, AHookIsRequiredUnlessItSaysOtherwise)
{
    list("[[hook]]\nname = 'build'\n");
    add_variant("build", "5.8");
    const auto hook = only_hook();
    EXPECT_TRUE(hook.required);
    EXPECT_THAT(hook.needed, IsEmpty());
    EXPECT_THAT(hook.done, IsEmpty());
}

TEST_F(KnownHooks, TheOrderIsThatOfTheList)
{
    list(list_of_two);
    add_variant("first", "6.1");
    add_variant("second", "6.1");
    const auto hooks = load_hooks(files, "/d").value();
    ASSERT_EQ(hooks.size(), 2U);
    EXPECT_EQ(hooks[0].name, "second");
    EXPECT_EQ(hooks[1].name, "first");
}

TEST_F(KnownHooks, VariantsAreSortedByNumberAndNotByText)
{
    list("[[hook]]\nname = 'build'\n");
    for (const auto *series : {"6.12", "6.9", "4.17", "4.9", "10.0"})
        add_variant("build", series);
    EXPECT_THAT(series_of(only_hook()), ElementsAre("4.9", "4.17", "6.9", "6.12", "10.0"));
}

TEST_F(KnownHooks, OnlyPatchesAreVariants)
{
    list("[[hook]]\nname = 'build'\n");
    add_variant("build", "6.12");
    files.add("/d/kernel/hooks/build/README", "about it");
    files.add("/d/kernel/hooks/build/6.1.patch.orig", "left by patch(1)");
    EXPECT_THAT(series_of(only_hook()), ElementsAre("6.12"));
}

TEST_F(KnownHooks, TheVariantForASeriesIsTheNewestThatIsNotNewer)
{
    list("[[hook]]\nname = 'build'\n");
    for (const auto *series : {"4.9", "5.8", "6.9"})
        add_variant("build", series);
    const auto hook = only_hook();
    EXPECT_EQ(variant_for(hook, "5.8").series, "5.8");
    EXPECT_EQ(variant_for(hook, "5.10").series, "5.8") << "10 is more than 8";
    EXPECT_EQ(variant_for(hook, "6.8").series, "5.8");
    EXPECT_EQ(variant_for(hook, "6.12").series, "6.9") << "12 is more than 9";
    EXPECT_EQ(variant_for(hook, "7.0").series, "6.9");
    EXPECT_EQ(variant_for(hook, "4.4").series, "4.9") << "all are newer: the oldest";
}

TEST_F(KnownHooks, ALineMayHaveVariantsOfItsOwn)
{
    list("[[hook]]\nname = 'build'\n");
    for (const auto *series : {"6.1", "6.12"})
        add_variant("build", series);
    add_to_line("6.6", "build");
    add_to_line("6.12", "build");
    files.add("/d/kernel/lines/6.6/hooks/build.patch.part", one_line_added);
    const auto hook = only_hook();
    EXPECT_THAT(series_of(hook), ElementsAre("6.1", "6.6", "6.12", "6.12"));
    EXPECT_EQ(variant_for(hook, "6.6").file, "/d/kernel/lines/6.6/hooks/build.patch");
    EXPECT_EQ(variant_for(hook, "6.12").file, "/d/kernel/lines/6.12/hooks/build.patch")
        << "a line's own goes before the common one";
}

TEST_F(KnownHooks, ALinesOwnVariantIsEnough)
{
    list("[[hook]]\nname = 'build'\n");
    add_to_line("6.6", "build");
    EXPECT_THAT(series_of(only_hook()), ElementsAre("6.6"));
}

TEST_F(KnownHooks, AListThatIsNoTomlIsRefusedByItsLine)
{
    expect_list_refused("# hooks\n[[hook]]\nname = \n", "3: ");
    expect_list_refused("[[hook]]\nname = 'a'\nname = 'b'\n", "3: ");
}

TEST_F(KnownHooks, WhatAHookLacksIsNamedWithItsLine)
{
    add_variant("a", "6.1");
    expect_list_refused("\n[[hook]]\nrequired = true\n", "2: a hook lacks the key `name`");
    expect_list_refused("[[hook]]\nname = 5\n", "1: a hook lacks the key `name`");
    expect_list_refused("[[hook]]\nname = 'a'\n[[hook]]\nname = 'a'\n", "3: there are two hooks a");
    expect_list_refused("[[hook]]\nname = 'a'\nrequired = false\n", "1: the hook a lacks the key `without`");
    const std::string test = " = [{ file = 'f', has = ['x'] }]\n";
    expect_list_refused("[[hook]]\nname = 'a'\nneeded" + test, "1: the hook a lacks the key `by_itself`");
    expect_list_refused("[[hook]]\nname = 'a'\ndone" + test, "1: the hook a lacks the key `by_itself`");
}

TEST_F(KnownHooks, ATestThatCouldNotFindAnythingIsRefused)
{
    for (const std::string key : {"needed", "done"}) {
        for (const auto *test : {"{ has = ['x'] }", "{ file = 'f' }", "{ file = 'f', has = [] }", "'f'",
                                 "{ file = 'f', has = ['x', ''] }", "{ file = 'f', had = ['x'] }"})
            expect_list_refused("[[hook]]\nname = 'a'\nby_itself = 'b'\n" + key + " = [" + test + "]\n",
                                "1: the hook a looks for something without");
    }
}

TEST_F(KnownHooks, WithoutAListThereAreNone)
{
    const auto hooks = load_hooks(files, "/d");
    ASSERT_FALSE(hooks);
    EXPECT_EQ(hooks.error().message, "no kernel hooks in /d/kernel/hooks");
    EXPECT_THAT(hooks.error().hint, HasSubstr("KRUN_DATA"));
    list("");
    expect_refused("/d/kernel/hooks/hooks.toml names no hook");
}

TEST_F(KnownHooks, AHookWithoutAVariantIsAnError)
{
    list(list_of_two);
    add_variant("second", "6.1");
    expect_refused("the hook first has no variant: /d/kernel/hooks/first has no patch");
    expect_refused("the hook first has no variant");
}

TEST_F(KnownHooks, AVariantIsNamedForASeries)
{
    list("[[hook]]\nname = 'build'\n");
    for (const auto *name : {"build", "6", "6.12.1", "v6.12", "6.12-rc1", "6."}) {
        files = FakeFilesystem();
        list("[[hook]]\nname = 'build'\n");
        add_variant("build", name);
        expect_refused(std::string("/d/kernel/hooks/build/") + name + ".patch is not named for a series");
    }
}

TEST_F(KnownHooks, AVariantThatIsNoPatchIsNamedWithItsPath)
{
    list("[[hook]]\nname = 'build'\n");
    add_variant("build", "6.1", "only words\n");
    expect_refused("the hook /d/kernel/hooks/build/6.1.patch is malformed: it changes no file");
    add_variant("build", "6.1");
    add_to_line("6.6", "build", "--- a/f\n+++ b/f\nx\n");
    expect_refused("the hook /d/kernel/lines/6.6/hooks/build.patch is malformed: line 3");
}

TEST(NumbersOf, AreComparedOneByOne)
{
    EXPECT_THAT(numbers_of("6.12"), ElementsAre(6U, 12U));
    EXPECT_LT(numbers_of("4.9"), numbers_of("4.17"));
    EXPECT_LT(numbers_of("4.20"), numbers_of("5.0"));
    EXPECT_LT(numbers_of("6.12"), numbers_of("6.12.1"));
}

class ChangedLines : public KnownHooks
{
  protected:
    std::size_t of(const std::string &patch)
    {
        list("[[hook]]\nname = 'build'\n");
        add_variant("build", "6.1", patch);
        const auto hooks = load_hooks(files, "/d");
        EXPECT_TRUE(hooks) << hooks.error().message;
        return hooks ? changed_lines(*hooks, "6.1") : 0;
    }
};

TEST_F(ChangedLines, AddedAndRemovedCountAndContextDoesNot)
{
    EXPECT_EQ(of(one_line_added), 1U);
    EXPECT_EQ(of("--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@ void f(void)\n one\n-two\n+2\n three\n"), 2U);
}

TEST_F(ChangedLines, TheMessageAndTheHeadersDoNotCount)
{
    EXPECT_EQ(of(std::string("Subject\n\n- a list\n+ of reasons\n---\n") + one_line_added), 1U);
}

TEST_F(ChangedLines, AChangedLineMayLookLikeAHeader)
{
    EXPECT_EQ(of("--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n---- old\n++++ new\n same\n"), 2U);
}

TEST_F(ChangedLines, EveryHunkOfEveryFileCounts)
{
    const std::string two_hunks = "@@ -1 +1 @@\n-a\n+b\n@@ -9,0 +10,2 @@\n+c\n+d\n";
    EXPECT_EQ(of("--- a/f\n+++ b/f\n" + two_hunks + "--- a/g\n+++ b/g\n" + two_hunks), 8U);
}

TEST_F(ChangedLines, AnEmptyContextLineMayHaveLostItsBlankAndAFileItsLastNewline)
{
    EXPECT_EQ(of("--- a/f\n+++ b/f\n@@ -1,3 +1,3 @@\n one\n\n-x\n\\ No newline at end of file\n+y\n"), 2U);
}

TEST_F(ChangedLines, OfEachHookTheVariantForTheSeriesCounts)
{
    list(list_of_two);
    add_variant("first", "4.9", "--- a/f\n+++ b/f\n@@ -1 +1,3 @@\n one\n+a\n+b\n");
    add_variant("first", "6.9");
    add_variant("second", "5.8", "--- a/f\n+++ b/f\n@@ -1 +1,5 @@\n one\n+a\n+b\n+c\n+d\n");
    add_to_line("6.12", "second");
    const auto hooks = load_hooks(files, "/d").value();
    EXPECT_EQ(changed_lines(hooks, "4.9"), 6U);
    EXPECT_EQ(changed_lines(hooks, "6.9"), 5U);
    EXPECT_EQ(changed_lines(hooks, "6.12"), 2U);
}

TEST(KnownHooksOfTheProject, AreReadable)
{
    SystemFilesystem files;
    const auto hooks = load_hooks(files, KRUN_SOURCE_DIR);
    ASSERT_TRUE(hooks) << hooks.error().message;
    EXPECT_GT(hooks->size(), 4U);
    EXPECT_EQ(hooks->front().name, "build");
}

TEST_F(KnownHooks, AKeyThatNobodyKnowsIsAMistake)
{
    expect_list_refused("[[hook]]\nname = 'a'\nrequird = false\n", "1: the hook a has an unknown key `requird`");
}

TEST_F(KnownHooks, AValueOfAnotherTypeIsAMistake)
{
    expect_list_refused("[[hook]]\nname = 'a'\nrequired = 'no'\n",
                        "1: the key `required` of the hook a is of the wrong type");
    expect_list_refused("[[hook]]\nname = 'a'\nwhole = 'f.c'\n",
                        "1: the key `whole` of the hook a is of the wrong type");
}

TEST_F(KnownHooks, APatchOfALineThatIsForNoHookIsAMistake)
{
    list("[[hook]]\nname = 'one'\n");
    add_variant("one", "5.8");
    add_to_line("6.1", "onee");
    expect_refused("/d/kernel/lines/6.1/hooks/onee.patch is for no hook that hooks.toml names");
}

TEST_F(KnownHooks, WhatIsNoHookInTheListIsAMistake)
{
    expect_list_refused("[[hok]]\nname = 'a'\n", "1: `hok` is no [[hook]]");
    for (const auto *wrong : {"hook = ['a']\n", "hook = 'build'\n", "hook = []\n"})
        expect_list_refused(wrong, "1: `hook` is no [[hook]]");
}

TEST_F(KnownHooks, AFolderThatIsForNoHookIsAMistake)
{
    list("[[hook]]\nname = 'one'\n");
    add_variant("one", "5.8");
    add_variant("onee", "5.8");
    expect_refused("/d/kernel/hooks/onee is for no hook that hooks.toml names");
}

} // namespace
} // namespace krun
