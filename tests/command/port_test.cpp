// SPDX-License-Identifier: MIT
// `krunctl port` with tiny kernels: what becomes of the hook, of the line's folder and of the kernel source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "fake_kernel.hpp"
#include "sandbox.hpp"
#include "util/digest.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace fs = std::filesystem;

// The hook adds a line between these two lines of Kconfig; see Sandbox.
constexpr const char *fitting = "mainmenu \"tiny\"\nconfig PERF\n\tbool \"p\"\n";
constexpr const char *moved = "# new\n# new\nmainmenu \"tiny\"\nconfig PERF\n\tbool \"p\"\n";
constexpr const char *conflicting = "mainmenu \"large\"\nconfig OTHER\n";

class PortTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        fs::create_directories(temporary);
        sandbox.environment["TMPDIR"] = temporary.string();
        make_tree(moved);
    }
    void make_tree(const std::string &kconfig)
    {
        write_fake_kernel(tree, true);
        write_text(tree / "Makefile", "VERSION = 6\nPATCHLEVEL = 6\nSUBLEVEL = 9\n");
        write_text(tree / "Kconfig", kconfig);
        digest = sha256_of_tree(runner, tree).value();
    }
    // A line that goes must be there, whatever the fuzz.
    void make_conflict()
    {
        write_text(sandbox.hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,3 @@\n-mainmenu \"tiny\"\n"
                                   "+mainmenu \"krun\"\n+source \"krun/Kconfig\"\n config PERF\n");
        make_tree(conflicting);
    }
    void add_optional_hook(const std::string &keys, const std::string &patch)
    {
        write_text(sandbox.hook_list(), read_text(sandbox.hook_list()) +
                                            "[[hook]]\nname = 'quiet'\nrequired = false\nwithout = 'it is loud'\n" +
                                            keys);
        write_text(sandbox.data() / "kernel/hooks/quiet/6.12.patch", patch);
    }
    // One that builds.
    void make_whole_tree(const std::string &kconfig)
    {
        write_fake_kernel(tree, true);
        auto makefile = read_text(tree / "Makefile");
        makefile.replace(makefile.find("PATCHLEVEL = 12"), 15, "PATCHLEVEL = 6");
        write_text(tree / "Makefile", makefile);
        write_text(tree / "Kconfig", kconfig);
        digest = sha256_of_tree(runner, tree).value();
    }
    nlohmann::json build()
    {
        const auto built = sandbox.krunctl({"build", "--json", "--local-version", ".krun.test", "--source", "tree"});
        EXPECT_EQ(built.status, 0) << built.errors;
        return built.status == 0 ? nlohmann::json::parse(built.output) : nlohmann::json();
    }
    void port(const std::vector<std::string> &more = {})
    {
        std::vector<std::string> arguments = {"port", tree.string()};
        arguments.insert(arguments.end(), more.begin(), more.end());
        result = sandbox.krunctl(arguments);
        EXPECT_EQ(sha256_of_tree(runner, tree).value(), digest) << "the kernel source is only read";
        EXPECT_TRUE(fs::is_empty(temporary)) << "scratch files are left";
    }
    void expect_error(int status, const std::string &message)
    {
        EXPECT_EQ(result.status, status) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr("krunctl: error: "));
        EXPECT_THAT(result.errors, HasSubstr(message));
        EXPECT_EQ(result.output, "");
        std::size_t lines = 0;
        for (const auto &entry : fs::directory_iterator(sandbox.data() / "kernel/lines")) {
            EXPECT_THAT(entry.path().filename().string(), StartsWith("6.12")) << "something is left";
            ++lines;
        }
        EXPECT_LE(lines, 1U);
    }
    // With patch(1), and no searching: fuzz is not allowed, and an offset would be printed.
    void expect_fits(const fs::path &patch)
    {
        const auto copy = sandbox.root() / "copy";
        fs::copy(tree, copy, fs::copy_options::recursive);
        const auto applied =
            sandbox.run({"patch", "-p1", "--fuzz=0", "--forward", "-d", copy.string(), "-i", patch.string()});
        EXPECT_EQ(applied.status, 0) << applied.output;
        EXPECT_THAT(applied.output, Not(HasSubstr("Hunk")));
        EXPECT_THAT(read_text(copy / "Kconfig"), HasSubstr("source \"krun/Kconfig\"\n"));
    }

    Sandbox sandbox;
    SystemProcessRunner runner;
    const fs::path temporary = sandbox.root() / "temporary";
    const fs::path tree = sandbox.root() / "tree";
    const fs::path line = sandbox.data() / "kernel/lines/6.6";
    const fs::path line_6_12 = sandbox.data() / "kernel/lines/6.12";
    std::string digest;
    ProcessResult result;
};

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
    const auto json = nlohmann::json::parse(lines.output);
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

TEST_F(PortTest, WhatIsNoUnpatchedKernelIsRefused)
{
    const auto refused = [this](const fs::path &what, int status, const std::string &message) {
        result = sandbox.krunctl({"port", what.string()});
        expect_error(status, message);
    };
    refused(sandbox.root() / "none", 2, "none is not a folder");
    refused(tree / "Makefile", 2, "Makefile is not a folder");
    refused(sandbox.data(), 4, "is not a Linux source tree");
    write_text(sandbox.root() / "patched/Makefile", read_text(tree / "Makefile"));
    write_text(sandbox.root() / "patched/scripts/kconfig/merge_config.sh", "");
    write_text(sandbox.root() / "patched/krun/Kbuild", "");
    refused(sandbox.root() / "patched", 4, "patched is patched already");
    EXPECT_EQ(sandbox.krunctl({"port"}).status, 2);
}

TEST_F(PortTest, AnExistingLineIsNotTouched)
{
    write_text(tree / "Makefile", "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 9\n");
    digest = sha256_of_tree(runner, tree).value();
    const auto before = sha256_of_tree(runner, sandbox.data()).value();
    port();
    expect_error(2, "there is a kernel line 6.12 already");
    EXPECT_THAT(result.errors, HasSubstr("hint: --output DIR"));
    EXPECT_EQ(sha256_of_tree(runner, sandbox.data()).value(), before);
}

TEST_F(PortTest, ThePlaceOfTheOutputIsCheckedFirst)
{
    port({"--output", sandbox.data().string()});
    expect_error(2, "exists already");
    port({"--output", (sandbox.root() / "no/where").string()});
    expect_error(2, "there is no folder");
    port({"--output", (tree / "line").string()});
    expect_error(2, "is inside the kernel source");
    EXPECT_FALSE(fs::exists(sandbox.cache())) << "nothing was fetched for it";
}

TEST_F(PortTest, AnOutputThatCannotBeWrittenLeavesNothing)
{
    port({"--output", "/proc/line"}); // where not even root makes folders
    expect_error(4, "cannot create /proc/line.partial");
}

TEST_F(PortTest, ALineThatCannotBeReadIsAnError)
{
    port({"--from", "1.0"});
    expect_error(2, "there is no kernel line 1.0");
    fs::remove_all(line_6_12);
    port();
    expect_error(4, "there is no kernel line in");
}

TEST_F(PortTest, HooksThatCannotBeReadAreAnError)
{
    write_text(sandbox.hook(), "only words\n");
    port();
    expect_error(4, "the hook " + sandbox.hook().string() + " is malformed: it changes no file");
    fs::remove(sandbox.hook());
    port();
    expect_error(4, "the hook build has no variant");
    write_text(sandbox.hook_list(), "[[hook]]\n");
    port();
    expect_error(4, "hooks.toml:1: a hook lacks the key `name`");
    write_text(sandbox.hook_list(), "");
    port();
    expect_error(4, "hooks.toml names no hook");
    fs::remove(sandbox.hook_list());
    port();
    expect_error(4, "no kernel hooks in");
}

TEST_F(PortTest, AHookThatDoesNotEvenFitItsOwnLineMeansNoMerges)
{
    write_text(sandbox.hook(), "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n-mainmenu \"large\"\n+source "
                               "\"krun/Kconfig\"\n config OTHER\n");
    make_tree(conflicting);
    port({"--from", "6.12"}); // which asks for merges
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("note: without three-way merges"));
    expect_fits(line / "hooks/build.patch");
}

TEST_F(PortTest, AMissingProgramIsNamed)
{
    const auto programs = sandbox.root() / "programs";
    fs::create_directories(programs);
    sandbox.environment["PATH"] = programs.string();
    for (const auto *program : {"patch", "diff", "git"}) {
        result = sandbox.krunctl({"port", tree.string()});
        expect_error(3, std::string("the program `") + program + "` is not installed");
        fs::create_symlink("/bin/true", programs / program);
    }
}

TEST_F(PortTest, AFolderForTemporaryFilesThatIsMissingIsNotUsed)
{
    sandbox.environment["TMPDIR"] = (sandbox.root() / "gone").string();
    port();
    EXPECT_EQ(result.status, 0) << result.errors;
    expect_fits(line / "hooks/build.patch");
}

TEST_F(PortTest, AFolderForTemporaryFilesThatTakesNoneIsSaid)
{
    sandbox.environment["TMPDIR"] = "/proc"; // where not even root makes folders
    if (geteuid() != 0)
        GTEST_SKIP() << "only for root is it a folder to write to";
    port();
    expect_error(4, "cannot create a folder in /proc");
}

} // namespace
} // namespace krun
