// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

TEST(EditDistance, CountsEachMistakeOnce)
{
    EXPECT_EQ(edit_distance("build", "build"), 0U);
    EXPECT_EQ(edit_distance("buid", "build"), 1U);
    EXPECT_EQ(edit_distance("builld", "build"), 1U);
    EXPECT_EQ(edit_distance("buyld", "build"), 1U);
    EXPECT_EQ(edit_distance("", "boot"), 4U);
    EXPECT_EQ(edit_distance("boot", ""), 4U);
    EXPECT_EQ(edit_distance("boot", "gate"), 4U);
}

TEST(EditDistance, ASwapOfNeighboursIsOneMistake)
{
    EXPECT_EQ(edit_distance("bulid", "build"), 1U);
    EXPECT_EQ(edit_distance("tset", "test"), 1U);
    EXPECT_EQ(edit_distance("6.21", "6.12"), 1U);
    EXPECT_EQ(edit_distance("ubidl", "build"), 2U);
    EXPECT_EQ(edit_distance("ab", "ba"), edit_distance("ba", "ab"));
}

TEST(NearestWord, IsTheOneWithTheFewestMistakes)
{
    const std::vector<std::string> commands = {"lines", "build", "boot", "bench", "promote", "publish", "uninstall"};
    EXPECT_EQ(nearest_word("bulid", commands), "build");
    EXPECT_EQ(nearest_word("unistal", commands), "uninstall");
    EXPECT_EQ(nearest_word("line", commands), "lines");
    EXPECT_EQ(nearest_word("6.21", {"6.1", "6.12", "7.3"}), "6.12");
    EXPECT_EQ(nearest_word("--lin", {"--json", "--line", "--jobs"}), "--line");
}

TEST(NearestWord, OfTwoThatAreAsNearIsTheOneThatBeginsAlike)
{
    EXPECT_EQ(nearest_word("6.2", {"5.2", "6.1", "7.2"}), "6.1");
    EXPECT_EQ(nearest_word("ban", {"man", "bar"}), "bar");
}

TEST(NearestWord, MayBeTheOnlyOneThatBeginsWithIt)
{
    EXPECT_EQ(nearest_word("uninst", {"install", "uninstall"}), "uninstall");
    EXPECT_EQ(nearest_word("--con", {"--config", "--continue"}), "");
    EXPECT_EQ(nearest_word("un", {"install", "uninstall"}), "");
}

TEST(NearestWord, IsNoneWhenNothingIsNear)
{
    EXPECT_EQ(nearest_word("frobnicate", {"build", "boot"}), "");
    EXPECT_EQ(nearest_word("9.99", {"6.1", "6.12"}), "");
    EXPECT_EQ(nearest_word("-x", {"-j", "-h"}), "");
    EXPECT_EQ(nearest_word("", {"a", "build"}), "");
    EXPECT_EQ(nearest_word("build", {}), "");
}

TEST(NearestWord, AsAHintHasAnAlternative)
{
    EXPECT_EQ(did_you_mean("bulid", {"build"}, "see --help"), "did you mean `build`?");
    EXPECT_EQ(did_you_mean("frobnicate", {"build"}, "see --help"), "see --help");
}

} // namespace
} // namespace krun
