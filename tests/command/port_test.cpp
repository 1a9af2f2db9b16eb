// SPDX-License-Identifier: MIT
// `krunctl port` with tiny kernels: what becomes of the hook, of the line's folder and of the kernel source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "port_fixture.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

TEST_F(PortTest, MakesALineWhosePatchesFitExactly)
{
    write_text(sandbox.hook(), "About it.\n---\n" + read_text(sandbox.hook()));
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("Linux 6.6.9 with the hooks that fit it best (the nearest line: 6.12)\n"));
    EXPECT_FALSE(fs::exists(sandbox.cache())) << "there was nothing to merge";
    EXPECT_THAT(result.output, HasSubstr("fits, 2 lines further down"));
    EXPECT_THAT(result.output, HasSubstr("next:\n  krunctl build --line 6.6\n  ./krun test --line 6.6\n"));
    const auto patch = read_text(line / "hooks/build.patch");
    EXPECT_THAT(patch, StartsWith("About it.\n---\n--- a/Kconfig\n+++ b/Kconfig\n@@ -1,5 +1,6 @@\n"));
    expect_fits(line / "hooks/build.patch");
    EXPECT_EQ(read_text(line / "hooks/series"), "build.patch\n");
    EXPECT_FALSE(fs::exists(line / "hooks/PORTING.md"));
    EXPECT_FALSE(fs::exists(line.string() + ".partial"));
    EXPECT_THAT(read_text(line / "line.toml"), HasSubstr("from the line 6.12 to Linux 6.6.9"));
    EXPECT_THAT(sandbox.krunctl({"lines"}).output, HasSubstr("linux-source-6.6"));
}

TEST_F(PortTest, WhatFindsNoPlaceIsTheAnswerNoAndGoesIntoTheReport)
{
    make_conflict();
    port();
    EXPECT_EQ(result.status, 1) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("MISSING"));
    EXPECT_THAT(result.output, HasSubstr("0 of 1 hunks have a place, 1 is missing\n"));
    EXPECT_THAT(result.output, HasSubstr("no line has `mainmenu \"tiny\"`"));
    const auto notes = read_text(line / "hooks/PORTING.md");
    EXPECT_THAT(notes, HasSubstr("## build.patch: Kconfig, hunk 1"));
    EXPECT_THAT(notes, HasSubstr("+source \"krun/Kconfig\"\n"));
    EXPECT_THAT(notes, HasSubstr("<<<<<<< Linux 6.6.9\nmainmenu \"large\"\n"));
    EXPECT_THAT(notes, HasSubstr(">>>>>>> Linux 6.12.1-1 with the hook\n"));
    EXPECT_EQ(read_text(line / "hooks/series"), "# not complete, see PORTING.md: build.patch\n");
    EXPECT_TRUE(fs::exists(line / "hooks/build.patch.part"));
    EXPECT_FALSE(fs::exists(line / "hooks/build.patch"));
}

TEST_F(PortTest, ADryRunOnlyReports)
{
    port({"--dry-run"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("all hunks have a place (1)"));
    EXPECT_THAT(result.output, Not(HasSubstr("made")));
    EXPECT_FALSE(fs::exists(line));
    make_conflict();
    port({"--dry-run"});
    EXPECT_EQ(result.status, 1);
    EXPECT_THAT(result.output, HasSubstr("+source \"krun/Kconfig\"\n")) << "there is no file to read it in";
    EXPECT_FALSE(fs::exists(line));
}

TEST_F(PortTest, AnExistingLineCanBeTriedDry)
{
    fs::create_directories(line);
    port({"--dry-run"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_TRUE(fs::is_empty(line));
}

TEST_F(PortTest, TheReportIsThereAsJson)
{
    make_conflict();
    port({"--json"});
    EXPECT_EQ(result.status, 1);
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["version"], "6.6.9");
    EXPECT_EQ(json["from"], "6.12");
    EXPECT_EQ(json["base"], "6.12.1-1");
    EXPECT_EQ(json["complete"], false);
    EXPECT_EQ(json["builds"], false);
    EXPECT_EQ(json["hooks"][0]["name"], "build.patch");
    EXPECT_EQ(json["hooks"][0]["variant"], "6.12");
    EXPECT_EQ(json["folder"], line.string());
    EXPECT_EQ(json["hooks"][0]["hunks"][0]["place"], "missing");
    EXPECT_THAT(json["hooks"][0]["hunks"][0]["conflict"].get<std::string>(), HasSubstr("config OTHER"));
}

TEST_F(PortTest, WithoutTheLinesSourceItGoesOnWithoutMerges)
{
    sandbox.cut_network();
    make_conflict();
    port({"--dry-run"});
    EXPECT_EQ(result.status, 1) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("note: without three-way merges, as the source of the line 6.12 is not "
                                         "available: "));
    EXPECT_THAT(result.output, HasSubstr("0 of 1 hunks have a place"));
    make_tree(moved);
    write_text(sandbox.hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,4 +1,5 @@\n # old\n mainmenu \"tiny\"\n"
                               "+source \"krun/Kconfig\"\n config PERF\n \tbool \"p\"\n");
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("fits with fuzz 1"));
    EXPECT_THAT(result.output, HasSubstr("LOOK IT OVER"));
    EXPECT_THAT(result.output, HasSubstr("note: without three-way merges"));
    expect_fits(line / "hooks/build.patch");
}

TEST_F(PortTest, EachHookIsTakenFromWhereItFitsBest)
{
    // As 6.12 has it, it does not fit.
    write_text(sandbox.data() / "kernel/hooks/build/4.9.patch", read_text(sandbox.hook()));
    write_text(sandbox.hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n-mainmenu \"none\"\n"
                               "+source \"krun/Kconfig\"\n config PERF\n");
    port({"--dry-run", "--json"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(nlohmann::json::parse(result.output)["hooks"][0]["variant"], "4.9");
    port({"--dry-run", "--json", "--from", "6.12"});
    EXPECT_EQ(result.status, 1) << "the person wants those of 6.12";
    EXPECT_EQ(nlohmann::json::parse(result.output)["hooks"][0]["variant"], "6.12");
}

TEST_F(PortTest, AHookThatTheKernelDoesNotNeedIsNotPorted)
{
    add_optional_hook("needed = [{ file = 'kernel/loud.c', has = ['loud();'] }]\nby_itself = 'it is quiet'\n",
                      "--- a/kernel/loud.c\n+++ b/kernel/loud.c\n@@ -1,2 +1,3 @@\n loud();\n+hush();\n loud();\n");
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("not needed: it is quiet"));
    EXPECT_THAT(result.output, HasSubstr("all hunks have a place (1)"));
    EXPECT_EQ(read_text(line / "hooks/series"), "build.patch\n");
    EXPECT_FALSE(fs::exists(line / "hooks/quiet.patch"));
    EXPECT_FALSE(fs::exists(line / "hooks/PORTING.md"));
}

TEST_F(PortTest, WithoutAnOptionalHookThereIsALineAndWorkLeft)
{
    make_whole_tree(moved);
    add_optional_hook("", "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n mainmenu \"tiny\"\n-config LOUD\n"
                          "+config QUIET\n");
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("1 of 2 hunks have a place, 1 is missing\n"));
    EXPECT_THAT(result.output, HasSubstr("it builds without these hunks; its hooks/PORTING.md has them\nnext:\n"));
    EXPECT_THAT(read_text(line / "hooks/PORTING.md"), HasSubstr("## quiet.patch: Kconfig, hunk 1"));
    EXPECT_TRUE(fs::exists(line / "hooks/quiet.patch.part"));
    EXPECT_FALSE(fs::exists(line / "hooks/quiet.patch"));
    EXPECT_EQ(read_text(line / "hooks/series"), "build.patch\n# not complete, see PORTING.md: quiet.patch\n");
    const auto json = build();
    EXPECT_EQ(json["hook_list"][0]["variant"], "6.6");
    EXPECT_EQ(json["hook_list"][1]["result"], "missing");
    // Somebody does the work.
    fs::rename(line / "hooks/quiet.patch.part", line / "hooks/quiet.patch");
    write_text(line / "hooks/quiet.patch", "--- a/Kconfig\n+++ b/Kconfig\n@@ -4,3 +4,4 @@\n source \"krun/Kconfig\"\n"
                                           " config PERF\n \tbool \"p\"\n+config QUIET\n");
    const auto finished = build();
    EXPECT_EQ(finished["up_to_date"], false);
    EXPECT_EQ(finished["hook_list"][1]["result"], "placed");
    EXPECT_EQ(finished["hook_list"][1]["variant"], "6.6");
}

TEST_F(PortTest, ABuildUsesThePortedLine)
{
    make_whole_tree(moved);
    write_text(sandbox.hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,4 +1,5 @@\n # old\n mainmenu \"tiny\"\n"
                               "+source \"krun/Kconfig\"\n config PERF\n \tbool \"p\"\n");
    const auto before = build();
    EXPECT_EQ(before["hook_list"][0]["variant"], "6.12");
    EXPECT_EQ(before["hook_list"][0]["fuzz"], 1);
    EXPECT_EQ(before["source"]["hooks_of"], "6.12");
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    const auto after = build();
    EXPECT_EQ(after["up_to_date"], false);
    EXPECT_EQ(after["hook_list"][0]["variant"], "6.6");
    EXPECT_EQ(after["hook_list"][0]["fuzz"], 0);
    EXPECT_EQ(after["source"]["hooks_of"], "6.6");
}

TEST_F(PortTest, ALineMadeFromOneWithoutAPackageHasNoneEither)
{
    make_whole_tree(moved);
    write_text(sandbox.data() / "kernel/lines/6.5/line.toml", "tested = '6.5.1'\n");
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("next:\n  krunctl build --line 6.6 --source " + tree.string() + "\n"));
    EXPECT_THAT(result.output, Not(HasSubstr("./krun test")));
    const auto lines = sandbox.krunctl({"lines", "--json", "--offline"});
    ASSERT_EQ(lines.status, 0) << lines.errors;
    const auto json = nlohmann::json::parse(lines.output).at("lines");
    ASSERT_EQ(json.size(), 3U);
    EXPECT_EQ(json[1]["line"], "6.6");
    EXPECT_TRUE(json[1]["source"].is_null());
    EXPECT_EQ(build()["hook_list"][0]["variant"], "6.6");
}

TEST_F(PortTest, OutputAndStartingLineCanBeChosen)
{
    fs::copy(line_6_12, sandbox.data() / "kernel/lines/6.5", fs::copy_options::recursive);
    const auto elsewhere = sandbox.root() / "elsewhere";
    port({"--from", "6.12", "--output", elsewhere.string() + "/"});
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("hooks of the line 6.12"));
    EXPECT_THAT(result.output, HasSubstr("move it to kernel/lines/6.6\n"));
    expect_fits(elsewhere / "hooks/build.patch");
    EXPECT_FALSE(fs::exists(line));
    port({"--dry-run"});
    EXPECT_THAT(result.output, HasSubstr("the nearest line: 6.5"));
}

TEST_F(PortTest, FragmentsOfTheLineGoAlong)
{
    write_text(line_6_12 / "config/krun.config", "CONFIG_X=y\n");
    port();
    EXPECT_THAT(result.output, HasSubstr("fragments of its own (krun.config), which the new line also gets"));
    EXPECT_EQ(read_text(line / "config/krun.config"), "CONFIG_X=y\n");
}

} // namespace
} // namespace krun
