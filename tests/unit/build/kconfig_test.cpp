// SPDX-License-Identifier: MIT
// Reading Kconfig and telling why a symbol is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build/kconfig_expression.hpp"
#include "build/kconfig_tree.hpp"
#include "fakes/fake_filesystem.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;

TEST(ConfigValues, UnsetIsNo)
{
    const auto values = parse_config("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_C=\"x=y\"\n# a comment\nCONFIG_A=m\n");
    EXPECT_EQ(value_of(values, "A"), "m"); // the later one
    EXPECT_EQ(value_of(values, "B"), "n");
    EXPECT_EQ(value_of(values, "C"), "\"x=y\"");
    EXPECT_EQ(value_of(values, "D"), "n");
    EXPECT_EQ(config_line("A", "n"), "# CONFIG_A is not set");
    EXPECT_EQ(config_line("A", "42"), "CONFIG_A=42");
}

TEST(KconfigExpression, HasThreeValues)
{
    const auto values = parse_config("CONFIG_Y=y\nCONFIG_M=m\nCONFIG_N8=8\nCONFIG_S=\"text\"\n");
    EXPECT_EQ(evaluate("Y && M", values).value, Tristate::module);
    EXPECT_EQ(evaluate("!M", values).value, Tristate::module);
    EXPECT_EQ(evaluate("OFF || M", values).value, Tristate::module);
    EXPECT_EQ(evaluate("OFF || Y && !OFF", values).value, Tristate::yes);
    EXPECT_EQ(evaluate("(OFF || Y) && OFF", values).value, Tristate::no);
    EXPECT_EQ(evaluate("!(Y && OFF)", values).value, Tristate::yes);
    EXPECT_EQ(evaluate("M = m && OFF = n && Y != n", values).value, Tristate::yes);
    EXPECT_EQ(evaluate("N8 >= 8 && N8 < 10", values).value, Tristate::yes);
    EXPECT_EQ(evaluate("N8 > 8", values).value, Tristate::no);
    EXPECT_EQ(evaluate("S = \"text\"", values).value, Tristate::yes);
    EXPECT_EQ(evaluate("S = \"other\"", values).value, Tristate::no);
}

TEST(KconfigExpression, WhatTheBuildComputesIsNeverBlamed)
{
    EXPECT_EQ(evaluate("$(cc-option,-mfoo(bar))", {}).value, Tristate::yes);
    EXPECT_EQ(evaluate("\"$(ARCH)\" = \"arm\"", {}).value, Tristate::yes);
}

TEST(KconfigExpression, WhatIsUnmetAreOperandsOfTheOutermostAnds)
{
    const auto values = parse_config("CONFIG_ON=y\n");
    const auto unmet = [&values](const std::string &expression) { return evaluate(expression, values).unmet; };
    EXPECT_THAT(unmet("A && (B && !ON)"), ElementsAre("A", "B", "!ON"));
    EXPECT_THAT(unmet("A && (B || C)"), ElementsAre("A", "B || C"));
    EXPECT_THAT(unmet("A && B || C"), ElementsAre("A && B || C"));
    EXPECT_THAT(unmet("(A) && (B)"), ElementsAre("A", "B"));
    EXPECT_THAT(unmet("ON && (A || ON) && !(ON || A) && ON = n"), ElementsAre("!(ON || A)", "ON = n"));
    EXPECT_THAT(unmet("A || ON"), ElementsAre());
}

// A tree that has each way in which a condition can come to stand around a symbol.
class KconfigTest : public testing::Test
{
  protected:
    KconfigTest()
    {
        files.add("/t/Kconfig", "mainmenu \"Linux\"\nsource \"arch/$(SRCARCH)/Kconfig\"\nsource \"krun/Kconfig\"\n"
                                "source \"$(KCONFIG_EXT_PREFIX)Kconfig\"\n");
        files.add("/t/arch/x86/Kconfig", "config HAVE_X\n\tbool\n\nconfig SELECTOR\n\tbool \"s\"\n\tselect HAVE_X\n");
        files.add("/t/krun/Kconfig", "menu \"Krun\"\n\tdepends on MENU_DEP\n"
                                     "config KRUN\n\tbool \"counters\" if PROMPT_IF\n"
                                     "\tdepends on A && \\\n\t\t!B\n"
                                     "\thelp\n\t  depends on NOTHING\n\n\t  config FALSE_FRIEND\n"
                                     "endmenu\n"
                                     "if OUTER # why\nconfig INNER\n\tbool \"i\"\n\tdepends on HAVE_X\nendif\n"
                                     "config FREE\n\tbool \"f\"\n"
                                     "choice\n\tprompt \"Ticks\"\n\tdepends on CHOICE_DEP\n"
                                     "config ONE\n\tbool \"1\"\nconfig TWO\n\tbool \"2\"\nendchoice\n"
                                     "comment \"c\"\n\tdepends on COMMENT_DEP\nconfig AFTER\n\tbool \"a\"\n");
        tree = read_kconfig(files, "/t", "x86").value();
    }
    std::string explain(const std::string &symbol, const std::string &config)
    {
        return explain_unmet(tree, parse_config(config), symbol);
    }
    FakeFilesystem files;
    KconfigTree tree;
};

TEST_F(KconfigTest, NamesEveryUnmetConjunctOfEveryEnclosure)
{
    const auto all = explain("KRUN", "CONFIG_B=y\n");
    for (const auto *part : {"MENU_DEP", "A", "!B (it is y)", "PROMPT_IF"})
        EXPECT_THAT(all, HasSubstr(part));
    EXPECT_EQ(explain("KRUN", "CONFIG_MENU_DEP=y\nCONFIG_A=y\nCONFIG_B=y\nCONFIG_PROMPT_IF=y\n"), "needs !B (it is y)");
}

TEST_F(KconfigTest, HelpTextDefinesNothing)
{
    EXPECT_EQ(explain("FALSE_FRIEND", ""), "there is no such symbol in this kernel");
}

TEST_F(KconfigTest, GoesOneLevelDeeperAndNamesWhoSelects)
{
    EXPECT_EQ(explain("INNER", "CONFIG_OUTER=y\n"),
              "needs HAVE_X (off: it cannot be set by hand; selected by SELECTOR)");
}

TEST_F(KconfigTest, ConditionsEndWithTheirBlocks)
{
    EXPECT_EQ(tree.symbols.at("FREE").front().conditions.size(), 0U);
    EXPECT_EQ(tree.symbols.at("AFTER").front().conditions.size(), 0U);
}

TEST_F(KconfigTest, SaysThatAnotherMemberOfTheChoiceWasTaken)
{
    EXPECT_EQ(explain("ONE", "CONFIG_CHOICE_DEP=y\nCONFIG_TWO=y\n"), "another one was chosen for \"Ticks\"");
    EXPECT_THAT(explain("ONE", ""), HasSubstr("CHOICE_DEP"));
}

} // namespace
} // namespace krun
