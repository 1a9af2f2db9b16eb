// SPDX-License-Identifier: MIT
// `krunctl build` from the archive to the output folder, with a tiny kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fake_kernel.hpp"
#include "sandbox.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

class BuildTest : public testing::Test
{
  protected:
    void build(const std::vector<std::string> &more = {})
    {
        std::vector<std::string> arguments = {"build", "--local-version", ".krun.test"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        result = sandbox.krunctl(arguments);
    }
    void expect_built()
    {
        ASSERT_EQ(result.status, 0) << result.errors;
        for (const auto *name : {"vmlinuz", "config", "System.map", "metadata.json"})
            EXPECT_TRUE(std::filesystem::exists(sandbox.kernel() / name)) << name;
    }
    [[nodiscard]] std::vector<std::filesystem::path> trees() const
    {
        std::vector<std::filesystem::path> found;
        for (const auto &entry : std::filesystem::directory_iterator(sandbox.cache() / "source")) {
            if (entry.is_directory())
                found.push_back(entry.path());
        }
        return found;
    }
    Sandbox sandbox;
    ProcessResult result;
};

TEST_F(BuildTest, LeadsFromTheArchiveToAKernelWithMetadata)
{
    build({"--json"});
    expect_built();
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["release"], "6.12.1.krun.test");
    EXPECT_EQ(json["line"], "6.12");
    EXPECT_EQ(json["config"], "vm");
    EXPECT_EQ(json["source"]["package"], "linux-source-6.12");
    EXPECT_EQ(json["source"]["version"], "6.12.1-1");
    EXPECT_EQ(json["local_version"], ".krun.test");
    EXPECT_EQ(json["up_to_date"], false);
    EXPECT_EQ(json["folder"], sandbox.kernel().string());
    for (const auto *digest : {"overlay", "hooks", "configuration", "key"})
        EXPECT_EQ(json[digest].get<std::string>().size(), 64U) << digest;
    const std::filesystem::path tree = json["tree"];
    EXPECT_EQ(read_text(tree / "krun/first.c"), "int first;\n");
    EXPECT_TRUE(std::filesystem::exists(tree / "tools/testing/selftests/krun/test.c"));
    EXPECT_THAT(read_text(tree / "Kconfig"), HasSubstr("krun/Kconfig"));
    EXPECT_THAT(read_text(sandbox.kernel() / "config"), HasSubstr("CONFIG_KRUN=y"));
    EXPECT_THAT(sandbox.krunctl({"lines"}).output, HasSubstr("built: vm"));
}

TEST_F(BuildTest, ASecondRunHasNothingToDo)
{
    build();
    expect_built();
    std::filesystem::remove(sandbox.log());
    build({"--json"});
    expect_built();
    EXPECT_EQ(nlohmann::json::parse(result.output)["up_to_date"], true);
    EXPECT_FALSE(std::filesystem::exists(sandbox.log())) << "make was run";
}

TEST_F(BuildTest, AChangedOverlayFileRecompilesItAlone)
{
    build();
    expect_built();
    write_text(sandbox.data() / "kernel/krun/second.c", "int second = 2;\n");
    build();
    expect_built();
    EXPECT_THAT(read_text(sandbox.log()), HasSubstr("krun/second.o"));
    EXPECT_THAT(read_text(sandbox.log()), Not(HasSubstr("krun/first.o")));
}

TEST_F(BuildTest, AnotherTreeStartsFromNothingSinceItsFilesMayBeOlderThanWhatWasMade)
{
    build({"--json"});
    expect_built();
    const std::filesystem::path objects = nlohmann::json::parse(result.output)["objects"];
    const auto made = objects / "generated.h";
    write_text(made, "of the tree before");
    write_text(sandbox.data() / "kernel/krun/second.c", "int second = 2;\n");
    build();
    expect_built();
    EXPECT_TRUE(std::filesystem::exists(made)) << "it is the same tree";
    write_text(sandbox.hook(), "Another description.\n" + read_text(sandbox.hook()));
    build();
    expect_built();
    EXPECT_EQ(trees().size(), 2U);
    EXPECT_FALSE(std::filesystem::exists(made));
}

// ccache's own count of what it had not to compile.
class CcacheBuildTest : public BuildTest
{
  protected:
    CcacheBuildTest() { sandbox.environment["CCACHE_DIR"] = (sandbox.root() / "ccache").string(); }
    int hits()
    {
        for (const auto &line : lines_of(sandbox.run({"ccache", "--print-stats"}).output)) {
            const auto words = words_of(line);
            if (words.size() == 2 && words[0] == "direct_cache_hit")
                return std::stoi(words[1]);
        }
        return -1;
    }
    void SetUp() override
    {
        if (!program_on_path("ccache"))
            GTEST_SKIP() << "ccache is not installed";
        build();
        expect_built();
        ASSERT_EQ(hits(), 0);
    }
};

TEST_F(CcacheBuildTest, AnotherCacheCompilesNothingAgain)
{
    sandbox.environment["XDG_CACHE_HOME"] = (sandbox.root() / "other-cache").string();
    build();
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(hits(), 2);
}

TEST_F(CcacheBuildTest, OtherHooksCompileOnlyWhatTheyChange)
{
    write_text(sandbox.hook(), "Another description.\n" + read_text(sandbox.hook()));
    result = sandbox.krunctl({"build", "--local-version", ".krun.other"});
    expect_built();
    ASSERT_EQ(trees().size(), 2U);
    EXPECT_EQ(hits(), 2);
}

TEST_F(CcacheBuildTest, AnotherConfigurationOfTheTreeHasObjectsOfItsOwn)
{
    write_text(sandbox.data() / "kernel/config/disk.config", "CONFIG_DISK=y\n");
    build({"--config", "disk"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(hits(), 2);
    std::filesystem::remove(sandbox.log());
    build();
    expect_built();
    EXPECT_FALSE(std::filesystem::exists(sandbox.log())) << "the first one was disturbed";
}

TEST_F(BuildTest, ANewVersionInTheArchiveIsTakenWhenTheIndexIsADayOld)
{
    build();
    expect_built();
    sandbox.publish("6.12.2-1");
    build();
    EXPECT_THAT(read_text(sandbox.kernel() / "metadata.json"), HasSubstr("6.12.1-1"));
    write_text(sandbox.cache() / "apt/deb-bookworm-security/updated", "1000\n");
    build();
    expect_built();
    EXPECT_THAT(read_text(sandbox.kernel() / "metadata.json"), HasSubstr("6.12.2-1"));
}

TEST_F(BuildTest, AnOutputFolderKeepsWhatElseIsInIt)
{
    write_text(sandbox.root() / "out/notes", "mine");
    build({"--output", "out"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_TRUE(std::filesystem::exists(sandbox.root() / "out/vmlinuz"));
    EXPECT_EQ(read_text(sandbox.root() / "out/notes"), "mine");
}

TEST_F(BuildTest, AFragmentThatTakesNoEffectIsNamedWithItsDependency)
{
    write_text(sandbox.root() / "own.config", "CONFIG_DROPPED=y\n");
    build({"--fragment", "own.config"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("CONFIG_DROPPED=y (own.config): needs PERF"));
    EXPECT_FALSE(std::filesystem::exists(sandbox.kernel()));
}

TEST_F(BuildTest, EveryFragmentIsMerged)
{
    write_text(sandbox.root() / "one.config", "CONFIG_ONE=y\n");
    write_text(sandbox.root() / "two.config", "CONFIG_TWO=y\n");
    build({"--fragment", "one.config", "--fragment", "two.config"});
    expect_built();
    EXPECT_THAT(read_text(sandbox.kernel() / "config"), AllOf(HasSubstr("CONFIG_ONE=y"), HasSubstr("CONFIG_TWO=y")));
}

TEST_F(BuildTest, ACompileErrorIsTheMessageAndTheLogsEndIsShown)
{
    write_text(sandbox.data() / "kernel/krun/first.c", "int first\n");
    build();
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("krunctl: error: compiling the kernel failed: krun/first.c:1:"));
    EXPECT_THAT(result.errors, HasSubstr("the end of " + sandbox.log().string()));
    EXPECT_THAT(result.errors, HasSubstr("log: " + sandbox.log().string()));
    EXPECT_FALSE(std::filesystem::exists(sandbox.kernel()));
    write_text(sandbox.data() / "kernel/krun/first.c", "int first;\n");
    build();
    expect_built();
}

TEST_F(BuildTest, AHookThatDoesNotApplyIsNamedAndNoTreeIsLeft)
{
    // Wrong in a line to remove: wrong context alone would be forgiven as fuzz.
    write_text(sandbox.hook(),
               "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n mainmenu \"tiny\"\n-config OTHER\n+config NEW\n");
    build();
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("the hook build does not fit: hunk 1 of Kconfig has no place"));
    EXPECT_TRUE(trees().empty());
}

class HooksBuildTest : public BuildTest
{
  protected:
    void add_optional_hook(const std::string &series, const std::string &patch)
    {
        write_text(sandbox.hook_list(), read_text(sandbox.hook_list()) +
                                            "[[hook]]\nname = 'quiet'\nrequired = false\nwithout = 'it is loud'\n");
        write_text(sandbox.data() / "kernel/hooks/quiet" / (series + ".patch"), patch);
    }
    // What no kernel of these tests has a place for.
    const std::string fits_nowhere =
        "--- a/Kconfig\n+++ b/Kconfig\n@@ -2,2 +2,2 @@\n config PERF\n-\tbool \"other\"\n+\tbool \"quiet\"\n";
    const std::string fits_perf =
        "--- a/Kconfig\n+++ b/Kconfig\n@@ -2,2 +2,2 @@\n config PERF\n-\tbool \"p\"\n+\tbool \"quiet\"\n";
};

TEST_F(HooksBuildTest, AnOptionalHookMayBeMissingAndThatIsSaidAndOnRecord)
{
    add_optional_hook("6.12", fits_nowhere);
    build({"--json"});
    expect_built();
    EXPECT_THAT(result.errors,
                HasSubstr("note: without the hook quiet, as hunk 1 of Kconfig has no place: it is loud\n"));
    const auto json = nlohmann::json::parse(result.output);
    const auto metadata = nlohmann::json::parse(read_text(sandbox.kernel() / "metadata.json"));
    EXPECT_EQ(json["hook_list"], metadata["hook_list"]);
    EXPECT_EQ(metadata["hook_list"],
              nlohmann::json::parse(R"([{"hook": "build", "required": true, "result": "placed", "variant": "6.12",
                                         "patch": "hooks/build/6.12.patch", "fuzz": 0},
                                        {"hook": "quiet", "required": false, "result": "missing", "variant": "6.12",
                                         "reason": "hunk 1 of Kconfig has no place", "without": "it is loud"}])"));
    EXPECT_THAT(read_text(std::filesystem::path(json["tree"]) / "Kconfig"), HasSubstr("krun/Kconfig"));
    build({"--json"});
    const auto again = nlohmann::json::parse(result.output);
    EXPECT_EQ(again["up_to_date"], true);
    EXPECT_EQ(again["hook_list"], metadata["hook_list"]);
}

TEST_F(HooksBuildTest, EachHookComesFromTheVariantThatFits)
{
    write_text(sandbox.data() / "kernel/hooks/build/4.9.patch", read_text(sandbox.hook()));
    write_text(sandbox.hook(),
               "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n mainmenu \"tiny\"\n-config OTHER\n+config NEW\n");
    add_optional_hook("6.9", fits_perf);
    write_text(sandbox.data() / "kernel/hooks/quiet/6.12.patch", fits_nowhere);
    build({"--json"});
    expect_built();
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["hook_list"][0]["variant"], "4.9");
    EXPECT_EQ(json["hook_list"][1]["variant"], "6.9");
    const auto kconfig = read_text(std::filesystem::path(json["tree"]) / "Kconfig");
    EXPECT_EQ(kconfig, "mainmenu \"tiny\"\nsource \"krun/Kconfig\"\nconfig PERF\n\tbool \"quiet\"\n");
}

TEST_F(HooksBuildTest, EveryRequiredHookThatHasNoPlaceIsNamed)
{
    write_text(sandbox.hook_list(), read_text(sandbox.hook_list()) + "[[hook]]\nname = 'more'\n");
    write_text(sandbox.data() / "kernel/hooks/more/6.12.patch", "--- a/none.c\n+++ b/none.c\n@@ -1 +1,2 @@\n a\n+b\n");
    write_text(sandbox.hook(),
               "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n mainmenu \"tiny\"\n-config OTHER\n+config NEW\n");
    build();
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("the hook build does not fit: hunk 1 of Kconfig has no place; look at Kconfig "
                                         "of linux-source-6.12 6.12.1-1, at about line 1\n"));
    EXPECT_THAT(result.errors, HasSubstr("the hook more does not fit: none.c is not in the tree\n"));
    EXPECT_THAT(result.errors, HasSubstr("\nhint: unpack that source"));
    EXPECT_TRUE(trees().empty());
}

TEST_F(HooksBuildTest, AMistakeInTheHooksIsToldBeforeTheNetworkIsUsed)
{
    write_text(sandbox.hook_list(), "[[hok]]\nname = 'build'\n");
    sandbox.cut_network();
    const auto result = sandbox.krunctl({"build"});
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("hooks.toml:1: `hok` is no [[hook]]"));
}

TEST_F(HooksBuildTest, ALineWithoutAPackageWantsASource)
{
    write_text(sandbox.data() / "kernel/lines/4.9/line.toml", "tested = '4.9.88'\n");
    for (const std::vector<std::string> &more : {std::vector<std::string>{}, {"--dry-run"}}) {
        std::vector<std::string> arguments = {"build", "--line", "4.9"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, 2) << result.errors;
        EXPECT_EQ(result.errors, "krunctl: error: no Debian suite has the source of Linux 4.9\n"
                                 "hint: name one: krunctl build --line 4.9 --source TREE\n");
        EXPECT_FALSE(std::filesystem::exists(sandbox.cache() / "source"));
    }
    write_fake_kernel(sandbox.root() / "linux", true);
    result = sandbox.krunctl({"build", "--json", "--line", "4.9", "--source", "linux"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(nlohmann::json::parse(result.output)["source"]["hooks_of"], "4.9");
}

TEST_F(BuildTest, ATarballWithoutAKernelIsToldFromOneWith)
{
    sandbox.publish("6.12.2-1", false);
    build();
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("is not a Linux source tree"));
    EXPECT_TRUE(trees().empty());
}

} // namespace
} // namespace krun
