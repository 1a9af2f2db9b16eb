// SPDX-License-Identifier: MIT
#include "report/line_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace krun
{
namespace
{

using testing::EndsWith;
using testing::HasSubstr;

FittedHook fitted(const std::string &name, bool required, Fit fit)
{
    FittedHook hook;
    hook.name = name;
    hook.required = required;
    hook.fit = fit;
    if (fit != Fit::not_needed)
        hook.series = "5.8";
    if (fit != Fit::placed)
        hook.reason = "of a reason";
    hook.without = "it is without " + name;
    return hook;
}

TreeFit fit_with(const FittedHooks &hooks) { return {"/linux", "6.14.1", "6.12", hooks}; }

TEST(TreeFit, TheTableHasARowForEachHook)
{
    auto fuzzy = fitted("fuzzy", false, Fit::placed);
    fuzzy.fuzz = 2;
    const auto text =
        tree_fit_text(fit_with({fitted("build", true, Fit::placed), fuzzy, fitted("quiet", false, Fit::not_needed),
                                fitted("vector", false, Fit::missing)}));
    EXPECT_EQ(text, "Linux 6.14.1 in /linux\n\n"
                    "HOOK    REQUIRED  FROM  RESULT\n"
                    "build   yes       5.8   placed\n"
                    "fuzzy   no        5.8   placed, with fuzz 2\n"
                    "quiet   no        -     not needed: of a reason\n"
                    "vector  no        5.8   MISSING: of a reason\n\n"
                    "it would build, without vector (all required hooks have a place; the configuration is that of the "
                    "line 6.12)\n"
                    "  vector: it is without vector\n");
}

TEST(TreeFit, AHookThatIsNotNeededIsNotLacking)
{
    const auto fit = fit_with({fitted("build", true, Fit::not_needed), fitted("quiet", false, Fit::not_needed)});
    EXPECT_THAT(tree_fit_text(fit), HasSubstr("\nit would build, and lack nothing (all required"));
    EXPECT_EQ(tree_fit_json(fit)["builds"], true);
    EXPECT_TRUE(tree_fit_json(fit)["lacks"].empty());
}

TEST(TreeFit, EveryRequiredHookThatIsMissingIsNamed)
{
    const auto fit = fit_with(
        {fitted("one", true, Fit::missing), fitted("two", true, Fit::missing), fitted("three", false, Fit::missing)});
    EXPECT_THAT(tree_fit_text(fit), EndsWith("\nit would not build: without one, two\n"));
    const auto json = tree_fit_json(fit);
    EXPECT_EQ(json["builds"], false);
    EXPECT_EQ(json["lacks"].dump(), R"(["three"])");
    EXPECT_EQ(json["hooks"].size(), 3U);
}

} // namespace
} // namespace krun
