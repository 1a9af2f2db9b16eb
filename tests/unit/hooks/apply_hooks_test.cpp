// SPDX-License-Identifier: MIT
// Hooks put into a tree, and what is said of those that cannot be; with the real patch(1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "fakes/fake_process_runner.hpp"
#include "hooks/apply_hooks.hpp"
#include "hooks/hooked_tree.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

FittedHook missing_hook(const std::string &name, bool required)
{
    FittedHook hook;
    hook.name = name;
    hook.required = required;
    hook.series = "6.1";
    hook.reason = fmt::format("hunk 2 of {}.c has no place", name);
    hook.file = name + ".c";
    hook.line = 17;
    hook.without = "it is without " + name;
    return hook;
}

TEST(ExpectRequired, AllThatAreMissingAreNamed)
{
    const FittedHooks hooks = {missing_hook("one", true), missing_hook("two", false), missing_hook("three", true)};
    const auto expected = expect_required(hooks, {});
    ASSERT_FALSE(expected);
    EXPECT_EQ(expected.error().code, ExitCode::failure);
    EXPECT_EQ(expected.error().message,
              "the hook one does not fit: hunk 2 of one.c has no place; look at one.c, at about line 17\n"
              "the hook three does not fit: hunk 2 of three.c has no place; look at three.c, at about line 17");
    EXPECT_THAT(expected.error().hint, HasSubstr("krunctl port TREE"));
}

TEST(ExpectRequired, ThePlaceIsNamedInTheUsersTerms)
{
    const FittedHooks hooks = {missing_hook("one", true)};
    const auto of_tarball = expect_required(hooks, {"linux.tar", {}}).error();
    EXPECT_THAT(of_tarball.message, HasSubstr("look at one.c of linux.tar, at about line 17"));
    EXPECT_THAT(of_tarball.hint, HasSubstr("unpack that source"));
    const auto of_folder = expect_required(hooks, {"linux", "/home/my linux"}).error();
    EXPECT_THAT(of_folder.message, HasSubstr("look at /home/my linux/one.c, at about line 17"));
    EXPECT_THAT(of_folder.hint, HasSubstr("krunctl port '/home/my linux'"));
}

TEST(ExpectRequired, WithoutAPlaceNoneIsNamed)
{
    auto hook = missing_hook("one", true);
    hook.reason = "one.c is not in the tree";
    hook.file.clear();
    hook.line = 0;
    EXPECT_EQ(expect_required({hook}, {"linux", "/linux"}).error().message,
              "the hook one does not fit: one.c is not in the tree");
    hook.file = "one.c";
    EXPECT_EQ(expect_required({hook}, {}).error().message,
              "the hook one does not fit: one.c is not in the tree; look at one.c");
}

TEST(ExpectRequired, WhatIsNotNeededAndWhatIsOptionalMayBeMissing)
{
    auto not_needed = missing_hook("one", true);
    not_needed.fit = Fit::not_needed;
    auto placed = missing_hook("two", true);
    placed.fit = Fit::placed;
    EXPECT_TRUE(expect_required({not_needed, placed, missing_hook("three", false)}, {}));
}

TEST(ChoiceOfHooks, NamesTheVariantOfEachAndWhatIsNotNeeded)
{
    auto placed = missing_hook("vector", false);
    placed.fit = Fit::placed;
    auto not_needed = missing_hook("rcu", false);
    not_needed.fit = Fit::not_needed;
    EXPECT_EQ(choice_in_words({placed, not_needed, missing_hook("quiet", false)}),
              "hooks: vector (6.1); not needed: rcu");
    EXPECT_EQ(choice_in_words({placed, placed}), "hooks: vector (6.1), vector (6.1)");
}

TEST(NotesOnHooks, AreAboutWhatIsMissingAndWhatHasFuzz)
{
    auto placed = missing_hook("placed", true);
    placed.fit = Fit::placed;
    auto fuzzy = placed;
    fuzzy.name = "fuzzy";
    fuzzy.fuzz = 2;
    auto not_needed = placed;
    not_needed.fit = Fit::not_needed;
    EXPECT_THAT(notes_on({placed, fuzzy, not_needed, missing_hook("quiet", false)}),
                ElementsAre("the hook fuzzy, of Linux 6.1, fits with fuzz 2",
                            "without the hook quiet, as hunk 2 of quiet.c has no place: it is without quiet"));
}

class ApplyHooks : public HookedTree
{
  protected:
    void SetUp() override
    {
        HookedTree::SetUp();
        list(required("first") + optional("second"));
        add_hook("first", "6.1", headers_of("f.c") + hunk_into("wanted", 3, 3, "first();"));
        add_hook("second", "6.1", headers_of("g.c") + hunk_into("wanted", 3, 3, "second();"));
        add_file("f.c", function_named("wanted"));
        add_file("g.c", function_named("wanted"));
    }
    Result<void> apply(const std::string &series = "6.6")
    {
        testing::internal::CaptureStderr();
        auto applied = fit_and_apply(Env{runner, files}, data, tree, series, {"linux", "/home/linux"});
        said = testing::internal::GetCapturedStderr();
        return applied.map([](const nlohmann::ordered_json &) {});
    }
    std::string said;
};

TEST_F(ApplyHooks, AllThatFitGoIntoTheTreeAndOnRecord)
{
    const auto applied = apply();
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_THAT(text_of("f.c"), HasSubstr("three();\n\tfirst();\n\tfour();"));
    EXPECT_THAT(text_of("g.c"), HasSubstr("three();\n\tsecond();\n\tfour();"));
    EXPECT_EQ(said, "krunctl: hooks: first (6.1), second (6.1)\n");
    const auto record = applied_hooks(files, tree);
    EXPECT_EQ(record, as_json(FittedHooks{[] {
                                              FittedHook hook;
                                              hook.name = "first";
                                              hook.required = true;
                                              hook.fit = Fit::placed;
                                              hook.series = "6.1";
                                              hook.patch = "/d/kernel/hooks/" + hook.name + "/6.1.patch";
                                              return hook;
                                          }(),
                                          [] {
                                              FittedHook hook;
                                              hook.name = "second";
                                              hook.fit = Fit::placed;
                                              hook.series = "6.1";
                                              hook.patch = "/d/kernel/hooks/" + hook.name + "/6.1.patch";
                                              return hook;
                                          }()}));
    EXPECT_THAT(files.list(tree).value(), ElementsAre(".krun-hooks.json", "f.c", "g.c"));
}

TEST_F(ApplyHooks, WithoutAnOptionalOneItGoesOnWithANote)
{
    add_file("g.c", function_named("wanted", body_without({3})));
    const auto applied = apply();
    ASSERT_TRUE(applied) << applied.error().message;
    EXPECT_THAT(text_of("f.c"), HasSubstr("first();"));
    EXPECT_THAT(text_of("g.c"), Not(HasSubstr("second();")));
    EXPECT_THAT(said, HasSubstr("note: without the hook second, as hunk 1 of g.c has no place: it is without second"));
    const auto record = applied_hooks(files, tree);
    EXPECT_EQ(record[0]["result"], "placed");
    EXPECT_EQ(record[1]["result"], "missing");
    EXPECT_EQ(record[1]["without"], "it is without second");
}

TEST_F(ApplyHooks, AHookOfTwoFilesThatLacksOneChangesNeither)
{
    add_hook("second", "6.1",
             headers_of("f.c") + hunk_into("wanted", 3, 3, "half();") + headers_of("g.c") +
                 hunk_into("wanted", 3, 3, "second();"));
    add_file("g.c", function_named("wanted", body_without({3})));
    ASSERT_TRUE(apply());
    EXPECT_THAT(text_of("f.c"), Not(HasSubstr("half();")));
}

TEST_F(ApplyHooks, WithoutARequiredOneTheTreeStaysAsItWas)
{
    add_file("f.c", function_named("wanted", body_without({3})));
    const auto applied = apply();
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().message, "the hook first does not fit: hunk 1 of f.c has no place; look at "
                                       "/home/linux/f.c, at about line 3");
    EXPECT_EQ(text_of("g.c"), function_named("wanted"));
    EXPECT_THAT(files.list(tree).value(), ElementsAre("f.c", "g.c"));
    EXPECT_EQ(said, "");
}

TEST_F(ApplyHooks, FuzzIsNoted)
{
    add_file("f.c", function_named("wanted", body_without({1})));
    ASSERT_TRUE(apply());
    EXPECT_THAT(said, HasSubstr("note: the hook first, of Linux 6.1, fits with fuzz 1\n"));
    EXPECT_EQ(applied_hooks(files, tree)[0]["fuzz"], 1);
}

TEST_F(ApplyHooks, WhatIsInTheTreeIsWhatFittingHasFound)
{
    add_hook("first", "4.9", headers_of("f.c") + hunk_into("wanted", 13, 3, "old();"));
    add_file("f.c", function_named("decoy") + function_named("wanted"));
    ASSERT_TRUE(apply());
    EXPECT_EQ(text_of("f.c"),
              function_named("decoy") + function_named("wanted", "\tone();\n\ttwo();\n\tthree();\n\told();\n\tfour();\n"
                                                                 "\tfive();\n\tsix();\n"));
    EXPECT_EQ(applied_hooks(files, tree)[0]["variant"], "4.9");
}

TEST_F(ApplyHooks, OnlyWhatIsPlacedIsAskedOfPatch)
{
    add_file("g.c", function_named("wanted", body_without({3})));
    FakeProcessRunner patch;
    patch.on({"patch"}, 0);
    ASSERT_TRUE(apply_hooks(Env{patch, files}, fit(), tree));
    const auto &commands = patch.commands;
    ASSERT_EQ(commands.size(), 1U);
    EXPECT_EQ(commands[0].directory, tree);
    EXPECT_EQ(commands[0].argv.front(), "patch");
    EXPECT_EQ(commands[0].argv.back(), (data / "kernel/hooks/first/6.1.patch").string());
}

TEST_F(ApplyHooks, APatchThatFailsNamesTheHook)
{
    const auto hooks = fit();
    add_file("g.c", "other\n"); // since it was looked at
    const auto applied = apply_hooks(Env{runner, files}, hooks, tree);
    ASSERT_FALSE(applied);
    EXPECT_THAT(applied.error().message, HasSubstr("the hook second does not apply: hunk #1 of g.c failed"));
    EXPECT_TRUE(applied_hooks(files, tree).is_null());
}

TEST(AppliedHooks, ARecordThatCannotBeReadIsNone)
{
    FakeFilesystem files;
    EXPECT_TRUE(applied_hooks(files, "/tree").is_null());
    for (const auto *text : {"", "[", "{}", "null", "\"text\"", "\xff"}) {
        files.add("/tree/.krun-hooks.json", text);
        EXPECT_TRUE(applied_hooks(files, "/tree").is_null()) << text;
    }
    files.add("/tree/.krun-hooks.json", R"([{"hook": "build"}])");
    EXPECT_EQ(applied_hooks(files, "/tree")[0]["hook"], "build");
}

} // namespace
} // namespace krun
