// SPDX-License-Identifier: MIT
// What a place that patch(1) has found for a hunk is worth, and what is told of it.
#include <gtest/gtest.h>

#include "hooks/fitting.hpp"

namespace krun
{
namespace
{

Hunk hunk_of(const std::string &section, const std::vector<std::string> &lines)
{
    Hunk hunk;
    hunk.section = section;
    hunk.lines = lines;
    return hunk;
}

HunkFate fate_with(unsigned fuzz, std::size_t line = 3) { return {true, line, 0, fuzz}; }

TEST(IsTrustworthy, NotAtFileScopeWhereAFunctionIsWanted)
{
    const auto hunk = hunk_of("int f(void)", {" one", " two", "+new", " three", " four"});
    EXPECT_FALSE(is_trustworthy("f.c", hunk, fate_with(0, 1), "one\ntwo\nnew\nthree\nfour\n"));
    EXPECT_TRUE(is_trustworthy("Kconfig", hunk, fate_with(0, 1), "one\ntwo\nnew\nthree\nfour\n"));
}

TEST(IsTrustworthy, NotWithoutAPlace)
{
    EXPECT_FALSE(is_trustworthy("f.c", hunk_of("", {" one", "+new", " two"}), {}, ""));
}

TEST(IsTrustworthy, OnlyWithLessFuzzThanContextOnEitherSide)
{
    const auto two_each = hunk_of("", {" a", " b", "+new", " c", " d"});
    EXPECT_TRUE(is_trustworthy("f.c", two_each, fate_with(1), ""));
    EXPECT_FALSE(is_trustworthy("f.c", two_each, fate_with(2), ""));
    const auto one_before = hunk_of("", {" b", "-old", "+new", " c", " d", " e"});
    EXPECT_TRUE(is_trustworthy("f.c", one_before, fate_with(0), ""));
    EXPECT_FALSE(is_trustworthy("f.c", one_before, fate_with(1), ""));
    const auto at_the_end = hunk_of("", {" a", " b", " c", "+new"});
    EXPECT_TRUE(is_trustworthy("f.c", at_the_end, fate_with(2), ""));
    EXPECT_FALSE(is_trustworthy("f.c", at_the_end, fate_with(3), ""));
}

TEST(IsTrustworthy, OnlyInTheFunctionThatTheHunkNames)
{
    const std::string text = "static int f(void)\n{\n\ta();\n\tnew();\n\tb();\n}\n";
    const std::vector<std::string> lines = {" \ta();", "+\tnew();", " \tb();"};
    EXPECT_TRUE(is_trustworthy("f.c", hunk_of("static int f(void)", lines), fate_with(0), text));
    EXPECT_TRUE(is_trustworthy("f.c", hunk_of("void __init f(struct", lines), fate_with(0), text)) << "it is cut off";
    EXPECT_TRUE(is_trustworthy("f.c", hunk_of("", lines), fate_with(0), text)) << "it names none";
    EXPECT_FALSE(is_trustworthy("f.c", hunk_of("static int g(void)", lines), fate_with(0), text));
    EXPECT_FALSE(is_trustworthy("f.c", hunk_of("config F", lines), fate_with(0), text));
}

TEST(FittedHooks, AsJsonEachHasWhatIsKnownOfIt)
{
    FittedHook placed;
    placed.name = "build";
    placed.required = true;
    placed.fit = Fit::placed;
    placed.series = "4.9";
    placed.patch = "/d/kernel/hooks/build/4.9.patch";
    placed.fuzz = 1;
    FittedHook not_needed;
    not_needed.name = "quiet";
    not_needed.fit = Fit::not_needed;
    not_needed.reason = "it is quiet";
    not_needed.without = "it is loud";
    FittedHook missing = not_needed;
    missing.fit = Fit::missing;
    missing.series = "6.1";
    missing.reason = "hunk 1 of f.c has no place";
    const auto json = as_json(FittedHooks{placed, not_needed, missing});
    ASSERT_EQ(json.size(), 3U);
    EXPECT_EQ(json[0].dump(), R"({"hook":"build","required":true,"result":"placed","variant":"4.9",)"
                              R"("patch":"hooks/build/4.9.patch","fuzz":1})");
    EXPECT_EQ(json[1].dump(), R"({"hook":"quiet","required":false,"result":"not needed","reason":"it is quiet"})");
    EXPECT_EQ(json[2].dump(), R"({"hook":"quiet","required":false,"result":"missing","variant":"6.1",)"
                              R"("reason":"hunk 1 of f.c has no place","without":"it is loud"})");
}

} // namespace
} // namespace krun
