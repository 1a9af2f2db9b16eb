// SPDX-License-Identifier: MIT
// The report in words and as JSON, and the folder of the new line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "porting/port_kernel.hpp"
#include "porting/port_report.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

HunkReport placed(std::size_t number, Place place)
{
    HunkReport hunk;
    hunk.file = "kernel/exit.c";
    hunk.number = number;
    hunk.place = place;
    hunk.line = 100 + number;
    return hunk;
}

HunkReport missing_hunk()
{
    HunkReport hunk;
    hunk.file = "kernel/sys_ni.c";
    hunk.number = 1;
    hunk.old_line = 392;
    hunk.inside = "int f(void)";
    hunk.text = "@@ -392 +392,2 @@\n x\n+y\n";
    hunk.conflict = "<<<<<<< tree\n>>>>>>> hook\n";
    hunk.look = {"line 480 still has `x`"};
    return hunk;
}

PortReport report_of(std::vector<HunkReport> hunks)
{
    PortReport report;
    report.tree = "/t";
    report.version = "6.1.192";
    report.series = "6.1";
    report.from = "6.12";
    report.base = "6.12.117-1";
    HookReport hook;
    hook.name = "a.patch";
    hook.description = "About a.\n---\n";
    hook.diffs = "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+2\n";
    hook.hunks = std::move(hunks);
    hook.variant = "5.8";
    report.hooks.push_back(std::move(hook));
    return report;
}

HookReport hook_not_needed()
{
    HookReport hook;
    hook.name = "b.patch";
    hook.required = false;
    hook.not_needed = "it is quiet";
    return hook;
}

KernelLine line_6_12()
{
    KernelLine line;
    line.name = "6.12";
    line.package = "linux-source-6.12";
    line.suites = {"one", "two"};
    return line;
}

TEST(PortText, EachKindOfPlaceHasItsWords)
{
    auto moved = placed(2, Place::moved);
    moved.offset = -1;
    auto fuzzy = placed(3, Place::fuzzy);
    fuzzy.fuzz = 2;
    fuzzy.offset = 7;
    auto confirmed = fuzzy;
    confirmed.confirmed = true;
    confirmed.inside = "static int a_function_with_a_very_long_name(int and, int arguments)";
    auto there = placed(5, Place::there);
    there.line = 0;
    const auto text = report_table(report_of(
        {placed(1, Place::exactly), moved, fuzzy, confirmed, there, placed(6, Place::merged), missing_hunk()}));
    EXPECT_THAT(text, HasSubstr("Linux 6.1.192 with the hooks that fit it best (the nearest line: 6.12, Linux "
                                "6.12.117-1)\n"));
    for (const auto *words : {"101  fits exactly\n", "102  fits, 1 line further up\n",
                              "103  fits with fuzz 2, 7 lines further down; LOOK IT OVER\n",
                              "fits with fuzz 2, 7 lines further down; a merge agrees  "
                              "static int a_function_with_a_very_lon...\n",
                              "   -  is there already\n", "106  placed by a merge\n", "   -  MISSING",
                              "6 of 7 hunks have a place, 1 is missing\n"})
        EXPECT_THAT(text, HasSubstr(words));
}

TEST(PortText, NothingMissingIsSaidToo)
{
    auto report = report_of({placed(1, Place::exactly)});
    report.base.clear();
    report.notes = {"without three-way merges"};
    const auto text = report_table(report);
    EXPECT_THAT(text, HasSubstr("(the nearest line: 6.12)\n"));
    EXPECT_THAT(text, HasSubstr("note: without three-way merges\nall hunks have a place (1)\n"));
    EXPECT_EQ(missing_in_short(report), "");
}

TEST(PortText, HooksThatThePersonWantsFromALineAreCalledThat)
{
    auto report = report_of({placed(1, Place::exactly)});
    report.forced = true;
    EXPECT_THAT(report_table(report), HasSubstr("with the hooks of the line 6.12 (Linux 6.12.117-1)\n"));
}

TEST(PortText, EachHookHasItsVariantAndAReasonIfItIsNotNeeded)
{
    auto report = report_of({placed(1, Place::exactly), placed(2, Place::exactly)});
    report.hooks.push_back(hook_not_needed());
    const auto table = lines_of(report_table(report));
    ASSERT_GE(table.size(), 6U);
    EXPECT_THAT(words_of(table[2]), ElementsAre("HOOK", "FROM", "FILE", "HUNK", "LINE", "RESULT", "INSIDE"));
    EXPECT_THAT(words_of(table[3]), ElementsAre("a.patch", "5.8", "kernel/exit.c", "1", "101", "fits", "exactly"));
    EXPECT_THAT(words_of(table[4]), ElementsAre("kernel/exit.c", "2", "102", "fits", "exactly"));
    EXPECT_THAT(words_of(table[5]), ElementsAre("b.patch", "-", "-", "-", "-", "not", "needed"));
    EXPECT_THAT(report_table(report), HasSubstr("\nb.patch is not needed: it is quiet\n"));
    EXPECT_THAT(report_table(report), HasSubstr("all hunks have a place (2)\n"));
}

TEST(PortText, TheNotesHoldAllThatIsKnownOfAMissingHunk)
{
    auto report = report_of({placed(1, Place::exactly), missing_hunk()});
    report.notes = {"a note"};
    const auto notes = porting_notes(report);
    EXPECT_THAT(notes, HasSubstr("# What is missing for Linux 6.1.192\n"));
    EXPECT_THAT(notes, HasSubstr("Of 2 hunks, 1 found no place."));
    EXPECT_THAT(notes, HasSubstr("Note: a note.\n"));
    EXPECT_THAT(notes, HasSubstr("## a.patch: kernel/sys_ni.c, hunk 1\n\n"
                                 "It was in line 392 of Linux 5.8's file, inside `int f(void)`.\n\n"
                                 "- line 480 still has `x`\n\n```diff\n@@ -392 +392,2 @@\n x\n+y\n```\n"));
    EXPECT_THAT(notes, HasSubstr("```\n<<<<<<< tree\n>>>>>>> hook\n```\n"));
    EXPECT_THAT(notes, Not(HasSubstr("exit.c")));
    EXPECT_EQ(missing_in_short(report), "\na.patch: kernel/sys_ni.c, hunk 1, was in line 392 of Linux 5.8's file, "
                                        "inside `int f(void)`\n  line 480 still has `x`\n");
}

TEST(PortText, AFenceIsLongerThanWhatItHolds)
{
    auto hunk = missing_hunk();
    hunk.text = "+```\n";
    hunk.look.clear();
    hunk.conflict.clear();
    hunk.inside.clear();
    const auto notes = porting_notes(report_of({hunk}));
    EXPECT_THAT(notes, HasSubstr("file.\n\n````diff\n+```\n````\n"));
    EXPECT_THAT(notes, Not(HasSubstr("conflict")));
}

TEST(PortJson, HasEveryHunk)
{
    auto fuzzy = placed(2, Place::fuzzy);
    fuzzy.fuzz = 1;
    fuzzy.offset = 3;
    fuzzy.inside = "int f(void)";
    const auto json = as_json(report_of({placed(1, Place::exactly), fuzzy, missing_hunk()}));
    EXPECT_EQ(json["version"], "6.1.192");
    EXPECT_EQ(json["series"], "6.1");
    EXPECT_EQ(json["from"], "6.12");
    EXPECT_EQ(json["base"], "6.12.117-1");
    EXPECT_EQ(json["complete"], false);
    const auto &hook = json["hooks"][0];
    EXPECT_EQ(hook["name"], "a.patch");
    EXPECT_EQ(hook["complete"], false);
    EXPECT_EQ(hook["hunks"][0],
              nlohmann::ordered_json({{"file", "kernel/exit.c"}, {"hunk", 1}, {"place", "exactly"}, {"line", 101}}));
    EXPECT_EQ(hook["hunks"][1]["fuzz"], 1);
    EXPECT_EQ(hook["hunks"][1]["offset"], 3);
    EXPECT_EQ(hook["hunks"][1]["confirmed"], false);
    EXPECT_EQ(hook["hunks"][1]["inside"], "int f(void)");
    EXPECT_EQ(hook["hunks"][2]["place"], "missing");
    EXPECT_EQ(hook["hunks"][2]["old_line"], 392);
    EXPECT_EQ(hook["hunks"][2]["look"][0], "line 480 still has `x`");
    EXPECT_EQ(hook["variant"], "5.8");
    EXPECT_EQ(hook["required"], true);
    EXPECT_EQ(json["builds"], false);
    for (const auto place : {Place::moved, Place::merged, Place::there})
        EXPECT_STRNE(name_of(place), "missing");
}

TEST(PortJson, SaysWhichHookIsNotNeededAndThatAnOptionalOneMayBeMissing)
{
    auto report = report_of({missing_hunk()});
    report.hooks[0].required = false;
    report.hooks.push_back(hook_not_needed());
    const auto json = as_json(report);
    EXPECT_EQ(json["complete"], false);
    EXPECT_EQ(json["builds"], true);
    EXPECT_EQ(json["hooks"][0]["complete"], false);
    EXPECT_EQ(json["hooks"][1].dump(), R"({"name":"b.patch","required":false,"not_needed":"it is quiet"})");
}

TEST(LineFolder, HasTheLineAndItsHooks)
{
    FakeFilesystem files;
    ASSERT_TRUE(write_line_folder(files, "/lines/6.1", report_of({placed(1, Place::exactly)}), line_6_12()));
    EXPECT_THAT(files.list("/lines").value(), ElementsAre("6.1"));
    EXPECT_THAT(files.list("/lines/6.1/hooks").value(), ElementsAre("a.patch", "series"));
    EXPECT_EQ(files.contents["/lines/6.1/hooks/series"], "a.patch\n");
    EXPECT_EQ(files.contents["/lines/6.1/hooks/a.patch"], "About a.\n---\n--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+2\n");
    const auto toml = files.contents["/lines/6.1/line.toml"];
    EXPECT_THAT(toml, HasSubstr("from the line 6.12 to Linux 6.1.192. Not proven"));
    EXPECT_THAT(toml, HasSubstr("package = \"linux-source-6.1\"\nconfig_package = \"linux-config-6.1\"\n"
                                "suites = [\"one\", \"two\"]\ntested = \"\"\n"));
}

TEST(LineFolder, OfALineThatNoPackageHasNoneIsMadeUp)
{
    FakeFilesystem files;
    auto from = line_6_12();
    from.package.clear();
    from.suites.clear();
    ASSERT_TRUE(write_line_folder(files, "/d/kernel/lines/6.1", report_of({placed(1, Place::exactly)}), from));
    const auto lines = load_kernel_lines(files, "/d");
    ASSERT_TRUE(lines) << lines.error().message;
    EXPECT_FALSE(lines->at(0).has_package());
    EXPECT_THAT(files.contents["/d/kernel/lines/6.1/line.toml"], HasSubstr("krunctl build --line 6.1 --source TREE"));
}

TEST(LineFolder, AHookThatIsNotNeededHasNoPatch)
{
    FakeFilesystem files;
    auto report = report_of({placed(1, Place::exactly)});
    report.hooks.push_back(hook_not_needed());
    ASSERT_TRUE(write_line_folder(files, "/lines/6.1", report, line_6_12()));
    EXPECT_THAT(files.list("/lines/6.1/hooks").value(), ElementsAre("a.patch", "series"));
    EXPECT_EQ(files.contents["/lines/6.1/hooks/series"], "a.patch\n");
}

TEST(LineFolder, HalfAHookWaitsUnderAnotherNameOutsideTheSeries)
{
    FakeFilesystem files;
    const auto report = report_of({placed(1, Place::exactly), missing_hunk()});
    ASSERT_TRUE(write_line_folder(files, "/lines/6.1", report, line_6_12()));
    EXPECT_THAT(files.list("/lines/6.1/hooks").value(), ElementsAre("PORTING.md", "a.patch.part", "series"));
    EXPECT_EQ(files.contents["/lines/6.1/hooks/a.patch.part"],
              "About a.\n---\n--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+2\n");
    EXPECT_EQ(files.contents["/lines/6.1/hooks/series"], "# not complete, see PORTING.md: a.patch\n");
}

TEST(LineFolder, AHookOfWhichNothingAppliedKeepsItsDescriptionOutsideTheSeries)
{
    FakeFilesystem files;
    auto report = report_of({missing_hunk()});
    report.hooks[0].diffs.clear();
    ASSERT_TRUE(write_line_folder(files, "/lines/6.1", report, line_6_12()));
    EXPECT_EQ(files.contents["/lines/6.1/hooks/a.patch.part"], "About a.\n---\n");
    EXPECT_FALSE(files.exists("/lines/6.1/hooks/a.patch"));
    EXPECT_EQ(files.contents["/lines/6.1/hooks/series"], "# not complete, see PORTING.md: a.patch\n");
    EXPECT_EQ(files.contents["/lines/6.1/hooks/PORTING.md"], porting_notes(report));
}

TEST(LineFolder, IsMadeWholeOrNotAtAll)
{
    for (const auto *name : {"line.toml", "hooks/series", "hooks/a.patch.part", "hooks/PORTING.md"}) {
        FakeFilesystem files;
        files.add("/lines/6.1.partial/left-over", "");
        files.unwritable.insert(std::filesystem::path("/lines/6.1.partial") / name);
        const auto written = write_line_folder(files, "/lines/6.1", report_of({missing_hunk()}), line_6_12());
        ASSERT_FALSE(written) << name;
        EXPECT_THAT(written.error().message, HasSubstr(name));
        EXPECT_TRUE(files.list("/lines").value().empty()) << name;
    }
}

} // namespace
} // namespace krun
