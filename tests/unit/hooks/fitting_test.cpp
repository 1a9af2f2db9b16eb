// SPDX-License-Identifier: MIT
// Which variant of a hook a tree gets, where it goes, and above all where it does not go; with the real patch(1).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_process_runner.hpp"
#include "hooks/hooked_tree.hpp"
#include "hooks/source_text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char *file = "kernel/f.c";

class Fitting : public HookedTree
{
  protected:
    // A hook for the function `wanted`, whose body began in line 3.
    void add_usual_hook(std::size_t context = 3)
    {
        add_hook("hook", "6.1", headers_of(file) + hunk_into("wanted", 3, context));
    }
    void expect_missing(const FittedHook &hook, const std::string &reason, const std::string &where, std::size_t line)
    {
        EXPECT_EQ(hook.fit, Fit::missing);
        EXPECT_EQ(hook.reason, reason);
        EXPECT_EQ(hook.file, where);
        EXPECT_EQ(hook.line, line);
    }
    void expect_placed(const FittedHook &hook, unsigned fuzz)
    {
        EXPECT_EQ(hook.fit, Fit::placed) << hook.reason;
        EXPECT_EQ(hook.fuzz, fuzz);
        EXPECT_EQ(hook.placed, hook.hunks);
        EXPECT_EQ(hook.reason, "");
    }
};

TEST_F(Fitting, AHookThatFitsExactlyIsPlaced)
{
    add_usual_hook();
    add_file(file, function_named("wanted"));
    const auto hook = fit_one();
    expect_placed(hook, 0);
    EXPECT_EQ(hook.name, "hook");
    EXPECT_TRUE(hook.required);
    EXPECT_EQ(hook.series, "6.1");
    EXPECT_EQ(hook.patch, data / "kernel/hooks/hook/6.1.patch");
    EXPECT_EQ(hook.hunks, 1U);
}

TEST_F(Fitting, AHookWhoseFunctionHasMovedIsPlacedWithoutFuzz)
{
    add_usual_hook();
    add_file(file, function_named("first", "\tother();\n") + function_named("wanted"));
    expect_placed(fit_one(), 0);
}

TEST_F(Fitting, FuzzIsAllowedAsLongAsALineOfContextIsLeftOnEitherSide)
{
    add_usual_hook();
    add_file(file, function_named("wanted", body_without({1})));
    expect_placed(fit_one(), 1);
    add_file(file, function_named("wanted", body_without({1, 2, 5, 6})));
    expect_placed(fit_one(), 2);
    add_file(file, function_named("wanted", body_without({3})));
    expect_missing(fit_one(), "hunk 1 of kernel/f.c has no place", file, 3);
}

// patch(1) would put such a hunk wherever the line before has left it.
TEST_F(Fitting, FuzzThatWouldEatTheLastLineOfContextIsRefused)
{
    add_usual_hook(2);
    add_file(file, function_named("wanted", body_without({2})));
    expect_placed(fit_one(), 1);
    add_file(file, function_named("wanted", body_without({2, 3, 4, 5})));
    expect_missing(fit_one(), "hunk 1 of kernel/f.c has no place", file, 4);
    add_usual_hook(1);
    add_file(file, function_named("wanted", body_without({3})));
    expect_missing(fit_one(), "hunk 1 of kernel/f.c has no place", file, 5);
    add_file(file, function_named("wanted", body_without({1, 2, 5, 6})));
    expect_placed(fit_one(), 0);
}

TEST_F(Fitting, TheRightContextInTheWrongFunctionIsRefused)
{
    add_usual_hook();
    add_file(file, function_named("other"));
    const auto hook = fit_one();
    expect_missing(hook, "hunk 1 of kernel/f.c has no place", file, 3);
    EXPECT_EQ(hook.placed, 0U);
    EXPECT_EQ(hook.hunks, 1U);
}

TEST_F(Fitting, AFunctionWhoseNameIsLongerIsAnotherOne)
{
    add_usual_hook();
    for (const auto *name : {"wanted_too", "un_wanted", "want"}) {
        add_file(file, function_named(name));
        EXPECT_EQ(fit_one().fit, Fit::missing) << name;
    }
}

// patch(1) takes the place that is nearest to the line in which it was.
TEST_F(Fitting, ADecoyThatIsNearerThanTheRightFunctionGetsNothing)
{
    add_usual_hook();
    add_file(file, function_named("decoy") + function_named("between", "\tother();\n") + function_named("wanted"));
    const auto hook = fit_one();
    expect_missing(hook, "hunk 1 of kernel/f.c has no place", file, 3);
    EXPECT_TRUE(lacks_required({hook}));
}

TEST_F(Fitting, ADecoyThatIsFurtherAwayIsLeftAlone)
{
    add_usual_hook();
    add_file(file, function_named("wanted") + function_named("decoy"));
    expect_placed(fit_one(), 0);
    add_hook("hook", "6.1", headers_of(file) + hunk_into("wanted", 13));
    add_file(file, function_named("decoy") + function_named("wanted"));
    expect_placed(fit_one(), 0);
}

TEST_F(Fitting, AVariantThatIsForTheRightFunctionIsTakenWhereAnotherMeetsADecoy)
{
    add_usual_hook();
    add_hook("hook", "4.9", headers_of(file) + hunk_into("wanted", 13));
    add_file(file, function_named("decoy") + function_named("wanted"));
    const auto hook = fit_one();
    expect_placed(hook, 0);
    EXPECT_EQ(hook.series, "4.9");
}

TEST_F(Fitting, WhatIsThereAlreadyHasNoPlace)
{
    add_usual_hook();
    add_file(file,
             function_named("wanted", "\tone();\n\ttwo();\n\tthree();\n\tkrun();\n\tfour();\n\tfive();\n\tsix();\n"));
    EXPECT_EQ(fit_one().fit, Fit::missing);
}

TEST_F(Fitting, AHookWithTwoFilesIsWholeOrMissing)
{
    add_hook("hook", "6.1", headers_of("a.c") + hunk_into("wanted", 3) + headers_of("b.c") + hunk_into("wanted", 3));
    add_file("a.c", function_named("wanted"));
    add_file("b.c", function_named("wanted"));
    auto hook = fit_one();
    expect_placed(hook, 0);
    EXPECT_EQ(hook.hunks, 2U);
    add_file("b.c", function_named("wanted", body_without({3})));
    hook = fit_one();
    expect_missing(hook, "hunk 1 of b.c has no place", "b.c", 3);
    EXPECT_EQ(hook.placed, 1U);
    EXPECT_EQ(hook.hunks, 2U);
    std::filesystem::remove(tree / "b.c");
    expect_missing(fit_one(), "b.c is not in the tree", "", 0);
}

TEST_F(Fitting, TheWorstHunkIsTheHooksFuzz)
{
    add_hook("hook", "6.1", headers_of("a.c") + hunk_into("wanted", 3) + headers_of("b.c") + hunk_into("wanted", 3));
    add_file("a.c", function_named("wanted", body_without({1, 2})));
    add_file("b.c", function_named("wanted"));
    expect_placed(fit_one(), 2);
}

TEST_F(Fitting, TheFirstHunkWithoutAPlaceIsNamed)
{
    add_hook("hook", "6.1", headers_of(file) + hunk_into("wanted", 3) + hunk_into("gone", 13) + hunk_into("too", 23));
    add_file(file, function_named("wanted") + function_named("gone", "\tother();\n"));
    const auto hook = fit_one();
    expect_missing(hook, "hunk 2 of kernel/f.c has no place", file, 13);
    EXPECT_EQ(hook.placed, 1U);
}

TEST_F(Fitting, AFileThatMustBeChangedIsNotLeftAsItIs)
{
    list(required("hook") + "whole = ['kernel/new.c']\n");
    add_usual_hook();
    add_file(file, function_named("wanted"));
    expect_placed(fit_one(), 0);
    add_file("kernel/new.c", function_named("wanted"));
    expect_missing(fit_one(), "kernel/new.c would be left as it is", "kernel/new.c", 0);
    add_hook("hook", "4.9",
             headers_of(file) + hunk_into("wanted", 3) + headers_of("kernel/new.c") + hunk_into("wanted", 3));
    const auto hook = fit_one();
    expect_placed(hook, 0);
    EXPECT_EQ(hook.series, "4.9");
}

TEST_F(Fitting, AHookIsNotNeededWhereWhatItIsForIsNotThere)
{
    list(optional("hook") + "by_itself = 'it has no trouble'\n"
                            "needed = [{ file = 'kernel/f.c', has = ['void trouble(', 'make();'] }]\n");
    add_usual_hook();
    add_file(file, function_named("wanted") + function_named("trouble", "\tmake();\n"));
    expect_placed(fit_one(), 0);
    for (const auto &text : {
             function_named("wanted"),
             function_named("wanted") + function_named("trouble", "\tother();\n"),
             // In another function, which comes later or earlier.
             function_named("wanted") + function_named("trouble", "\tother();\n") + function_named("b", "\tmake();\n"),
             function_named("wanted") + function_named("b", "\tmake();\n") + function_named("trouble", "\tother();\n"),
         }) {
        add_file(file, text);
        const auto hook = fit_one();
        EXPECT_EQ(hook.fit, Fit::not_needed) << text;
        EXPECT_EQ(hook.reason, "it has no trouble");
        EXPECT_EQ(hook.series, "");
    }
    std::filesystem::remove(tree / file);
    EXPECT_EQ(fit_one().fit, Fit::not_needed);
}

TEST_F(Fitting, EverythingThatIsNeededMustBeThere)
{
    list(optional("hook") + "by_itself = 'b'\nneeded = [{ file = 'kernel/f.c', has = ['one();'] },\n"
                            "{ file = 'other.c', has = ['two();'] }]\n");
    add_usual_hook();
    add_file(file, function_named("wanted"));
    EXPECT_EQ(fit_one().fit, Fit::not_needed);
    add_file("other.c", "two();\n");
    expect_placed(fit_one(), 0);
}

TEST_F(Fitting, AHookIsNotNeededWhereTheKernelDoesAllOfItByItself)
{
    list(optional("hook") + "by_itself = 'it is quiet'\n"
                            "done = [{ file = 'kernel/f.c', has = ['void quiet(', 'hush();', 'done();'] },\n"
                            "{ file = 'kernel/f.h', has = ['QUIET'] }]\n");
    add_usual_hook();
    const auto quiet = function_named("wanted") + function_named("quiet", "\thush();\n\tdone();\n");
    add_file(file, quiet);
    expect_placed(fit_one(), 0);
    add_file("kernel/f.h", "#define QUIET\n");
    EXPECT_EQ(fit_one().fit, Fit::not_needed);
    EXPECT_EQ(fit_one().reason, "it is quiet");
    // In the wrong order, and in the next function.
    add_file(file, function_named("wanted") + function_named("quiet", "\tdone();\n\thush();\n"));
    expect_placed(fit_one(), 0);
    add_file(file,
             function_named("wanted") + function_named("quiet", "\thush();\n") + function_named("next", "\tdone();\n"));
    expect_placed(fit_one(), 0);
    // A declaration before it is not the function.
    add_file(file, "void quiet(void);\n" + function_named("a", "\tother();\n") + quiet);
    EXPECT_EQ(fit_one().fit, Fit::not_needed);
}

TEST_F(Fitting, TheVariantThatFitsBestIsTaken)
{
    add_hook("hook", "6.6", headers_of(file) + hunk_into("wanted", 3)); // with fuzz
    add_hook("hook", "4.9", headers_of(file) + hunk_into("wanted", 3, 1));
    add_file(file, function_named("wanted", body_without({1})));
    const auto hook = fit_one("6.6");
    expect_placed(hook, 0);
    EXPECT_EQ(hook.series, "4.9") << "without fuzz, however old";
}

TEST_F(Fitting, AVariantWithFuzzGoesBeforeOneThatHasNoPlace)
{
    add_hook("hook", "6.6", headers_of(file) + hunk_into("gone", 3));
    add_hook("hook", "4.9", headers_of(file) + hunk_into("wanted", 3));
    add_file(file, function_named("wanted", body_without({1, 2})));
    const auto hook = fit_one("6.6");
    expect_placed(hook, 2);
    EXPECT_EQ(hook.series, "4.9");
}

TEST_F(Fitting, OfTwoThatHaveNoPlaceTheOneThatComesNearerIsNamed)
{
    add_hook("hook", "6.6", headers_of(file) + hunk_into("gone", 3) + hunk_into("lost", 13));
    add_hook("hook", "4.9", headers_of(file) + hunk_into("wanted", 3) + hunk_into("gone", 13));
    add_file(file, function_named("wanted"));
    const auto hook = fit_one("6.6");
    EXPECT_EQ(hook.series, "4.9");
    expect_missing(hook, "hunk 2 of kernel/f.c has no place", file, 13);
}

TEST_F(Fitting, ATieGoesToTheNearestSeries)
{
    for (const auto *series : {"4.9", "5.8", "6.9"})
        add_hook("hook", series, headers_of(file) + hunk_into("wanted", 3));
    add_file(file, function_named("wanted"));
    EXPECT_EQ(fit_one("4.4").series, "4.9");
    EXPECT_EQ(fit_one("5.4").series, "4.9");
    EXPECT_EQ(fit_one("5.10").series, "5.8");
    EXPECT_EQ(fit_one("6.12").series, "6.9");
    add_hook("hook", "7.0", headers_of(file) + hunk_into("gone", 3));
    EXPECT_EQ(fit_one("7.3").series, "6.9") << "the nearest of those that fit";
}

TEST_F(Fitting, ALaterHookFindsWhatAnEarlierOneHasPut)
{
    list(required("hook") + optional("later"));
    add_usual_hook();
    add_hook("later", "6.1",
             headers_of(file) + "@@ -5,4 +5,5 @@\n \tthree();\n \tkrun();\n+\tagain();\n \tfour();\n \tfive();\n");
    add_file(file, function_named("wanted"));
    const auto hooks = fit();
    expect_placed(hooks.at(0), 0);
    expect_placed(hooks.at(1), 0);
}

TEST_F(Fitting, AHookThatIsMissingLeavesNothingForALaterOne)
{
    list(optional("hook") + optional("later"));
    add_hook("hook", "6.1", headers_of(file) + hunk_into("wanted", 3) + headers_of("gone.c") + hunk_into("wanted", 3));
    add_hook("later", "6.1",
             headers_of(file) + "@@ -5,4 +5,5 @@\n \tthree();\n \tkrun();\n+\tagain();\n \tfour();\n \tfive();\n");
    add_file(file, function_named("wanted"));
    const auto hooks = fit();
    EXPECT_EQ(hooks.at(0).fit, Fit::missing);
    EXPECT_EQ(hooks.at(1).fit, Fit::missing);
    EXPECT_EQ(hooks.at(1).without, "it is without later");
}

TEST_F(Fitting, AnEndOfTheFileIsAPlace)
{
    add_hook("hook", "6.1", headers_of("list") + "@@ -1,3 +1,4 @@\n one\n two\n three\n+krun\n");
    add_file("list", "zero\none\ntwo\nthree\n");
    expect_placed(fit_one(), 0);
    add_file("list", "other\ntwo\nthree\n");
    expect_placed(fit_one(), 1);
    add_file("list", "one\ntwo\nthree\nfour\n");
    EXPECT_EQ(fit_one().fit, Fit::missing) << "it is not the end any more";
}

TEST_F(Fitting, APatchProgramThatFailsIsAnErrorAndNoAnswer)
{
    add_usual_hook();
    add_file(file, function_named("wanted"));
    FakeProcessRunner broken;
    broken.on({"patch"}, 2, "", "patch: broken\n");
    const auto hooks = load_hooks(files, data).value();
    const auto fitted = fit_hooks(Env{broken, files}, hooks, tree, "6.6");
    ASSERT_FALSE(fitted);
    EXPECT_THAT(fitted.error().message, HasSubstr("patch: broken"));
    broken.on({"patch"}, [](const Command &) -> Result<ProcessResult> { return interrupted(); });
    EXPECT_EQ(fit_hooks(Env{broken, files}, hooks, tree, "6.6").error().code, ExitCode::interrupted);
}

TEST_F(Fitting, WithoutATreeTheVariantIsForeseenByItsName)
{
    list(required("hook") + optional("other"));
    for (const auto *series : {"4.9", "6.1"})
        add_hook("hook", series, headers_of(file) + hunk_into("wanted", 3));
    add_hook("other", "6.9", headers_of(file) + hunk_into("wanted", 3));
    const auto foreseen = foreseen_hooks(load_hooks(files, data).value(), "5.10");
    ASSERT_EQ(foreseen.size(), 2U);
    EXPECT_EQ(foreseen[0].series, "4.9");
    EXPECT_EQ(foreseen[0].patch, data / "kernel/hooks/hook/4.9.patch");
    EXPECT_TRUE(foreseen[0].required);
    EXPECT_EQ(foreseen[1].series, "6.9");
    EXPECT_FALSE(foreseen[1].required);
    for (const auto &hook : foreseen)
        EXPECT_EQ(hook.fit, Fit::placed);
}

TEST(FittedHooks, AreCounted)
{
    FittedHook one;
    one.fit = Fit::missing;
    FittedHook two = one;
    two.required = true;
    FittedHook three;
    three.fit = Fit::placed;
    three.required = true;
    EXPECT_FALSE(lacks_required({one, three}));
    EXPECT_TRUE(lacks_required({one, two, three}));
}

} // namespace
} // namespace krun
