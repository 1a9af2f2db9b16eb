// SPDX-License-Identifier: MIT
// Hooks that name their functions, or do not, in a tree that has them.
#include "cases/hook_headings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;

class HookHeadings : public testing::Test
{
  protected:
    HookHeadings()
    {
        files.add("/d/kernel/hooks/hooks.toml", "[[hook]]\nname = 'quiet'\n");
        record("placed");
        files.add("/t/f.c",
                  "#include <a.h>\n#include <krun.h>\n\nint f(void)\n{\n\ta();\n\thush();\n\tnow();\n\tb();\n}\n");
    }
    void record(const std::string &result)
    {
        const std::string patch = result == "placed" ? R"(, "patch": "hooks/quiet/6.1.patch")" : "";
        files.add("/t/.krun-hooks.json",
                  R"([{"hook": "quiet", "result": ")" + result + R"(", "variant": "6.1")" + patch + "}]");
    }
    Tally judge(const std::string &section, const std::string &path = "f.c")
    {
        files.add("/d/kernel/hooks/quiet/6.1.patch", "--- a/" + path + "\n+++ b/" + path +
                                                         "\n@@ -1 +1,2 @@\n #include <a.h>\n+#include <krun.h>\n"
                                                         "@@ -5,2 +6,4 @@" +
                                                         section + "\n \ta();\n+\thush();\n+\tnow();\n \tb();\n");
        return judge_headings(files, "/t", load_hooks(files, "/d").value());
    }
    FakeFilesystem files;
};

TEST_F(HookHeadings, TheFunctionIsNamed)
{
    const auto tally = judge(" int f(void)");
    EXPECT_EQ(tally.failed, 0U);
    EXPECT_EQ(tally.passed, 1U);
}

TEST_F(HookHeadings, NoneOrAnotherIsAFailure)
{
    for (const auto *section : {"", " int g(void)"})
        EXPECT_THAT(judge(section).failures,
                    ElementsAre("functions of the hooks: quiet, hunk 2 of f.c: it is in `f`, and "
                                "its @@ line does not say so"));
}

TEST_F(HookHeadings, WhatIsNotInTheTreeOrNotOnRecordIsNoSuccess)
{
    files.add("/t/f.c", "#include <a.h>\n#include <krun.h>\n");
    EXPECT_THAT(judge(" int f(void)").failures,
                ElementsAre("functions of the hooks: quiet, hunk 2 of f.c: what it adds is not in the tree"));
    record("missing");
    EXPECT_THAT(judge(" int f(void)").failures, ElementsAre("functions of the hooks: no hook is on record"));
}

TEST_F(HookHeadings, OtherLanguagesHaveNoFunctions)
{
    files.add("/t/Makefile", files.contents["/t/f.c"]);
    EXPECT_EQ(judge("", "Makefile").failed, 0U);
}

} // namespace
} // namespace krun
