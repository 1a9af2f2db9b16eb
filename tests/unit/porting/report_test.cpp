// SPDX-License-Identifier: MIT
// The report in words and as JSON, and the folder of the new line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/fake_filesystem.hpp"
#include "porting/line_folder.hpp"
#include "porting/port_text.hpp"

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
    PortReport report{"/t", "6.1.192", "6.1", "6.12", "6.12.117-1", {}, {}};
    report.hooks.push_back(
        {"a.patch", "About a.\n---\n", "--- a/f\n+++ b/f\n@@ -1 +1,2 @@\n 1\n+2\n", std::move(hunks)});
    return report;
}

KernelLine line_6_12()
{
    KernelLine line;
    line.name = "6.12";
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
    EXPECT_THAT(text, HasSubstr("Linux 6.1.192 with the hooks of the line 6.12 (Linux 6.12.117-1)\n"));
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
    EXPECT_THAT(text, HasSubstr("with the hooks of the line 6.12\n"));
    EXPECT_THAT(text, HasSubstr("note: without three-way merges\nall hunks have a place (1)\n"));
    EXPECT_EQ(missing_in_short(report), "");
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
                                 "It was in line 392 of Linux 6.12's file, inside `int f(void)`.\n\n"
                                 "- line 480 still has `x`\n\n```diff\n@@ -392 +392,2 @@\n x\n+y\n```\n"));
    EXPECT_THAT(notes, HasSubstr("```\n<<<<<<< tree\n>>>>>>> hook\n```\n"));
    EXPECT_THAT(notes, Not(HasSubstr("exit.c")));
    EXPECT_EQ(missing_in_short(report), "\na.patch: kernel/sys_ni.c, hunk 1, was in line 392 of Linux 6.12's file, "
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
    for (const auto place : {Place::moved, Place::merged, Place::there})
        EXPECT_STRNE(name_of(place), "missing");
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

TEST(LineFolder, AHookOfWhichNothingAppliedKeepsItsDescriptionOutsideTheSeries)
{
    FakeFilesystem files;
    auto report = report_of({missing_hunk()});
    report.hooks[0].diffs.clear();
    ASSERT_TRUE(write_line_folder(files, "/lines/6.1", report, line_6_12()));
    EXPECT_EQ(files.contents["/lines/6.1/hooks/a.patch"], "About a.\n---\n");
    EXPECT_EQ(files.contents["/lines/6.1/hooks/series"], "# none of it applied, see PORTING.md: a.patch\n");
    EXPECT_EQ(files.contents["/lines/6.1/hooks/PORTING.md"], porting_notes(report));
}

TEST(LineFolder, IsMadeWholeOrNotAtAll)
{
    for (const auto *name : {"line.toml", "hooks/series", "hooks/a.patch", "hooks/PORTING.md"}) {
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
