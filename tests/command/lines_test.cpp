// SPDX-License-Identifier: MIT
// `krunctl lines`, with and without a network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fake_kernel.hpp"
#include "sandbox.hpp"
#include "util/digest.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

class LinesTest : public testing::Test
{
  protected:
    nlohmann::json lines(std::vector<std::string> arguments = {})
    {
        arguments.insert(arguments.begin(), {"lines", "--json"});
        const auto result = sandbox.krunctl(std::move(arguments));
        EXPECT_EQ(result.status, 0) << result.errors;
        errors = result.errors;
        const auto json = nlohmann::json::parse(result.output);
        EXPECT_EQ(json.at("schema"), 1);
        return json.at("lines");
    }
    void prove(const std::string &version)
    {
        write_text(sandbox.cache() / "proven/6.12.json",
                   R"({"version": ")" + version +
                       R"(", "release": "r", "date": "2026-07-30", "hooks": "h", "overlay": "o"})");
    }
    Sandbox sandbox;
    std::string errors;
};

TEST_F(LinesTest, TellsWhatTheArchiveHasAndWhatIsKnownToWork)
{
    const auto json = lines();
    ASSERT_EQ(json.size(), 1U);
    EXPECT_EQ(json[0]["line"], "6.12");
    EXPECT_EQ(json[0]["newest"], "6.12.1-1");
    EXPECT_EQ(json[0]["untried"], false);
    EXPECT_EQ(json[0]["tested"], "6.12.1");
    EXPECT_TRUE(json[0]["proven"].is_null());
    EXPECT_TRUE(json[0]["proven_date"].is_null());
    EXPECT_EQ(json[0]["hooks"], 1);
    EXPECT_EQ(json[0]["source"], "linux-source-6.12");
    EXPECT_EQ(json[0]["state"], "not fetched");
    const auto table = lines_of(sandbox.krunctl({"lines"}).output);
    ASSERT_GE(table.size(), 2U);
    EXPECT_THAT(words_of(table[0]),
                testing::ElementsAre("LINE", "NEWEST", "TESTED", "PROVEN", "HOOKS", "SOURCE", "STATE"));
    EXPECT_THAT(words_of(table[1]),
                testing::ElementsAre("6.12", "6.12.1-1", "6.12.1", "-", "1", "linux-source-6.12", "not", "fetched"));
}

TEST_F(LinesTest, AVersionThatNobodyHasTriedHasAStarUntilItIsProven)
{
    sandbox.publish("6.12.10-1~deb12u1"); // after 6.12.1 and 6.12.9 by numbers, not by characters
    prove("6.12.9-1");
    EXPECT_EQ(lines()[0]["untried"], true);
    EXPECT_THAT(sandbox.krunctl({"lines"}).output, HasSubstr("6.12.10-1~deb12u1 *"));
    prove("6.12.10-1~deb12u1");
    const auto json = lines();
    EXPECT_EQ(json[0]["untried"], false);
    EXPECT_EQ(json[0]["proven"], "6.12.10-1~deb12u1");
    EXPECT_EQ(json[0]["proven_date"], "2026-07-30");
    EXPECT_THAT(sandbox.krunctl({"lines"}).output, Not(HasSubstr("*")));
}

TEST_F(LinesTest, OfflineAsksNothingOfTheNetworkAndWritesNothing)
{
    EXPECT_TRUE(lines({"--offline"})[0]["newest"].is_null());
    EXPECT_THAT(errors, HasSubstr("note: the newest version of linux-source-6.12 is not known"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
}

TEST_F(LinesTest, OfflineTellsWhatWasKnownEarlier)
{
    lines();
    sandbox.publish("6.12.2-1");
    write_text(sandbox.cache() / "apt/deb-bookworm-security/updated", "1000\n");
    EXPECT_EQ(lines({"--offline"})[0]["newest"], "6.12.1-1");
    EXPECT_EQ(lines()[0]["newest"], "6.12.2-1");
}

TEST_F(LinesTest, AnArchiveThatCannotBeReachedIsANoteAndNoError)
{
    sandbox.cut_network();
    EXPECT_TRUE(lines()[0]["newest"].is_null());
    EXPECT_THAT(errors, HasSubstr("note: 6.12: cannot update the index of the Debian archive"));
    EXPECT_THAT(sandbox.krunctl({"lines", "--offline"}).output, HasSubstr("unknown"));
}

TEST_F(LinesTest, HooksThatCannotBeReadAreAnError)
{
    std::filesystem::remove(sandbox.hook());
    auto result = sandbox.krunctl({"lines", "--offline"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("the hook build has no variant"));
    std::filesystem::remove(sandbox.hook_list());
    result = sandbox.krunctl({"lines", "--offline"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("no kernel hooks in"));
    EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
}

class LinesOfTreeTest : public LinesTest
{
  protected:
    LinesOfTreeTest()
    {
        write_fake_kernel(tree, true);
        auto makefile = read_text(tree / "Makefile");
        makefile.replace(makefile.find("PATCHLEVEL = 12"), 15, "PATCHLEVEL = 14");
        write_text(tree / "Makefile", makefile);
    }
    void add_hook(const std::string &name, const std::string &keys, const std::string &patch)
    {
        write_text(sandbox.hook_list(), read_text(sandbox.hook_list()) + "[[hook]]\nname = '" + name + "'\n" + keys);
        write_text(sandbox.data() / "kernel/hooks" / name / "6.9.patch", patch);
    }
    void add_optional_hooks()
    {
        const std::string optional = "required = false\nwithout = 'it is loud'\n";
        add_hook("lost", optional, fits_nowhere);
        add_hook("done", optional + "done = [{ file = 'Kconfig', has = ['config PERF'] }]\nby_itself = 'it has PERF'\n",
                 fits_nowhere);
        add_hook("fuzzy", optional,
                 "--- a/Makefile\n+++ b/Makefile\n@@ -1,4 +1,5 @@\n VERSION = 5\n PATCHLEVEL = 14\n"
                 "+# quiet\n SUBLEVEL = 1\n objects := $(patsubst %.c,$(O)/%.o,$(wildcard krun/*.c))"
                 "\n");
    }
    void ask(std::vector<std::string> more = {})
    {
        const auto temporary = sandbox.root() / "temporary";
        std::filesystem::create_directories(temporary);
        sandbox.environment["TMPDIR"] = temporary.string();
        const auto before = state();
        more.insert(more.begin(), {"lines", tree.string()});
        result = sandbox.krunctl(std::move(more));
        EXPECT_EQ(state(), before) << "the tree is only read";
        EXPECT_TRUE(std::filesystem::is_empty(temporary)) << "scratch files are left";
        EXPECT_FALSE(std::filesystem::exists(sandbox.cache())) << "nothing is fetched";
    }
    std::string state()
    {
        return sandbox.run({"find", tree.string(), "-printf", "%p %m %T@ %s %l\n"}).output +
               sha256_of_tree(runner, tree).value();
    }
    const std::filesystem::path tree = sandbox.root() / "linux";
    const std::string fits_nowhere =
        "--- a/Kconfig\n+++ b/Kconfig\n@@ -2,2 +2,2 @@\n config PERF\n-\tbool \"other\"\n+\tbool \"quiet\"\n";
    SystemProcessRunner runner;
    ProcessResult result;
};

TEST_F(LinesOfTreeTest, ATreeThatTakesAllHooksWouldBuild)
{
    ask();
    EXPECT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(result.errors, "");
    EXPECT_THAT(result.output, testing::StartsWith("LINE "));
    EXPECT_THAT(result.output, HasSubstr("\nLinux 6.14.1 in " + tree.string() + "\n\n"));
    EXPECT_THAT(result.output, HasSubstr("it would build, and lack nothing (all required hooks have a place; the "
                                         "configuration is that of the line 6.12)\n"));
}

TEST_F(LinesOfTreeTest, TheTableSaysWhatBecomesOfEachHook)
{
    add_optional_hooks();
    ask();
    EXPECT_EQ(result.status, 0) << result.errors;
    std::vector<std::vector<std::string>> rows;
    for (const auto &line : lines_of(result.output.substr(result.output.find("\nHOOK") + 1)))
        rows.push_back(words_of(line));
    ASSERT_GE(rows.size(), 7U) << result.output;
    EXPECT_THAT(rows[0], testing::ElementsAre("HOOK", "REQUIRED", "FROM", "RESULT"));
    EXPECT_THAT(rows[1], testing::ElementsAre("build", "yes", "6.12", "placed"));
    EXPECT_THAT(rows[2], testing::ElementsAre("lost", "no", "6.9", "MISSING:", "hunk", "1", "of", "Kconfig", "has",
                                              "no", "place"));
    EXPECT_THAT(rows[3], testing::ElementsAre("done", "no", "-", "not", "needed:", "it", "has", "PERF"));
    EXPECT_THAT(rows[4], testing::ElementsAre("fuzzy", "no", "6.9", "placed,", "with", "fuzz", "1"));
    EXPECT_THAT(result.output, HasSubstr("it would build, without lost (all required hooks have a place; the "
                                         "configuration is that of the line 6.12)\n  lost: it is loud\n"));
}

TEST_F(LinesOfTreeTest, AProgramGetsItAsJson)
{
    add_optional_hooks();
    ask({"--json"});
    EXPECT_EQ(result.status, 0) << result.errors;
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["lines"][0]["line"], "6.12");
    const auto &fit = json["tree"];
    EXPECT_EQ(fit["tree"], tree.string());
    EXPECT_EQ(fit["version"], "6.14.1");
    EXPECT_EQ(fit["line"], "6.12");
    EXPECT_EQ(fit["builds"], true);
    EXPECT_EQ(fit["lacks"], nlohmann::json({"lost"}));
    ASSERT_EQ(fit["hooks"].size(), 4U);
    EXPECT_EQ(fit["hooks"][0], nlohmann::json::parse(R"({"hook": "build", "required": true, "result": "placed",
                                                         "variant": "6.12", "patch": "hooks/build/6.12.patch", "fuzz": 0})"));
    EXPECT_EQ(fit["hooks"][1]["result"], "missing");
    EXPECT_EQ(fit["hooks"][2]["result"], "not needed");
    EXPECT_EQ(fit["hooks"][3]["fuzz"], 1);
}

TEST_F(LinesOfTreeTest, WithoutARequiredHookTheAnswerIsNoAndNamesAllThatAreMissing)
{
    write_text(tree / "Kconfig", "mainmenu \"large\"\n");
    add_hook("lost", "", fits_nowhere);
    add_hook("optional", "required = false\nwithout = 'it is loud'\n", fits_nowhere);
    ask();
    EXPECT_EQ(result.status, 1) << result.errors;
    EXPECT_THAT(result.output, HasSubstr("it would not build: without build, lost\n"));
    ask({"--json"});
    EXPECT_EQ(result.status, 1);
    const auto fit = nlohmann::json::parse(result.output)["tree"];
    EXPECT_EQ(fit["builds"], false);
    EXPECT_EQ(fit["lacks"], nlohmann::json({"optional"}));
}

TEST_F(LinesOfTreeTest, WhatIsNoUnpatchedKernelIsRefused)
{
    const auto refused = [this](const std::filesystem::path &what, int status, const std::string &message) {
        result = sandbox.krunctl({"lines", what.string()});
        EXPECT_EQ(result.status, status) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr("krunctl: error: "));
        EXPECT_THAT(result.errors, HasSubstr(message));
        EXPECT_EQ(result.output, "");
    };
    refused(sandbox.root() / "none", 2, "none is not a folder");
    refused(tree / "Makefile", 2, "Makefile is not a folder");
    refused(sandbox.data(), 4, "is not a Linux source tree");
    EXPECT_EQ(sandbox.krunctl({"lines", tree.string(), "another"}).status, 2);
    write_text(tree / "krun/Kbuild", "");
    refused(tree, 4, "linux is patched already");
}

TEST_F(LinesOfTreeTest, WithoutALineThereIsNoConfiguration)
{
    std::filesystem::remove_all(sandbox.data() / "kernel/lines/6.12");
    result = sandbox.krunctl({"lines", tree.string()});
    EXPECT_EQ(result.status, 4) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("there is no kernel line in"));
}

TEST_F(LinesOfTreeTest, AMissingPatchProgramIsNamed)
{
    const auto programs = sandbox.root() / "programs";
    std::filesystem::create_directories(programs);
    sandbox.environment["PATH"] = programs.string();
    result = sandbox.krunctl({"lines", tree.string()});
    EXPECT_EQ(result.status, 3) << result.errors;
    EXPECT_THAT(result.errors, HasSubstr("the program `patch` is not installed"));
}

TEST_F(LinesOfTreeTest, ALineWithoutAPackageIsListed)
{
    write_text(sandbox.data() / "kernel/lines/4.9/line.toml", "tested = '4.9.88'\n");
    const auto json = lines({"--offline"});
    ASSERT_EQ(json.size(), 2U);
    EXPECT_EQ(json[0]["line"], "4.9");
    EXPECT_TRUE(json[0]["source"].is_null());
    EXPECT_EQ(json[0]["state"], "in no Debian suite");
    EXPECT_EQ(errors.find("4.9"), std::string::npos) << "nothing is looked for";
    EXPECT_THAT(sandbox.krunctl({"lines", "--offline"}).output, HasSubstr("--source"));
}

} // namespace
} // namespace krun
