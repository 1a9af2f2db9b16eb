// SPDX-License-Identifier: MIT
// `krunctl build --source` with folders: plain ones and those of git.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "fake_kernel.hpp"
#include "sandbox.hpp"
#include "util/digest.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class SourceTest : public testing::Test
{
  protected:
    SourceTest()
    {
        write_fake_kernel(tree(), true);
        sandbox.environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
    }
    [[nodiscard]] std::filesystem::path tree() const { return sandbox.root() / "linux"; }
    [[nodiscard]] std::filesystem::path kernel() const { return sandbox.cache() / "kernels/6.12-source-vm"; }
    ProcessResult build(const std::vector<std::string> &more = {})
    {
        std::vector<std::string> arguments = {"build", "--local-version", ".krun.test", "--source", "linux"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return sandbox.krunctl(arguments);
    }
    void git(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(),
                         {"git", "-C", tree().string(), "-c", "user.name=t", "-c", "user.email=t@example.org"});
        const auto result = sandbox.run(arguments);
        ASSERT_EQ(result.status, 0) << result.errors;
    }
    void commit()
    {
        git({"init", "-q"});
        git({"add", "-A"});
        git({"commit", "-q", "-m", "all"});
    }
    [[nodiscard]] std::string state_of_tree()
    {
        return sandbox.run({"find", tree().string(), "-printf", "%p %m %T@ %s %l\n"}).output +
               sha256_of_tree(runner, tree()).value();
    }
    // All below the cache's source folder that is neither a lock nor a stamp.
    [[nodiscard]] std::vector<std::string> cached() const
    {
        std::vector<std::string> names;
        std::error_code none;
        for (const auto &entry : std::filesystem::directory_iterator(sandbox.cache() / "source", none)) {
            if (entry.is_directory())
                names.push_back(entry.path().filename().string());
        }
        return names;
    }
    void expect_refused(int status, const std::string &words, const std::string &hint)
    {
        const auto before = state_of_tree();
        const auto result = build();
        EXPECT_EQ(result.status, status) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr(words));
        EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
        EXPECT_THAT(result.errors, HasSubstr(hint));
        EXPECT_EQ(state_of_tree(), before);
        EXPECT_THAT(cached(), IsEmpty());
    }
    Sandbox sandbox;
    SystemProcessRunner runner;
};

TEST_F(SourceTest, AFolderIsBuiltAndNotWrittenTo)
{
    write_text(tree() / ".hg/store", "history");
    const auto before = state_of_tree();
    const auto result = build({"--json"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(state_of_tree(), before);
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["folder"], kernel().string());
    EXPECT_EQ(json["source"]["kind"], "folder");
    EXPECT_EQ(json["source"]["origin"], tree().string());
    EXPECT_EQ(json["source"]["version"], "6.12.1");
    EXPECT_EQ(json["source"]["hooks_of"], "6.12");
    EXPECT_FALSE(json.contains("line"));
    const std::filesystem::path copy = json["tree"];
    EXPECT_THAT(read_text(copy / "Kconfig"), HasSubstr("krun/Kconfig"));
    EXPECT_FALSE(std::filesystem::exists(copy / ".hg"));
    EXPECT_THAT(sandbox.krunctl({"lines"}).output, Not(HasSubstr("built")));
    EXPECT_EQ(nlohmann::json::parse(build({"--json"}).output)["up_to_date"], true);
    write_text(tree() / "new", "1");
    EXPECT_EQ(nlohmann::json::parse(build({"--json"}).output)["up_to_date"], false);
}

TEST_F(SourceTest, AFolderThatNobodyMayWriteToIsBuilt)
{
    write_text(tree() / "drivers/one.c", "");
    ASSERT_EQ(sandbox.run({"chmod", "-R", "a-w", tree().string()}).status, 0);
    const auto result = build({"--json"});
    ASSERT_EQ(sandbox.run({"chmod", "-R", "u+w", tree().string()}).status, 0);
    ASSERT_EQ(result.status, 0) << result.errors;
    const std::string copy = nlohmann::json::parse(result.output)["tree"];
    EXPECT_EQ(sandbox.run({"find", copy, "!", "-type", "l", "!", "-perm", "-u+w"}).output, "");
}

TEST_F(SourceTest, BlanksAndColonsInTheNameOfATreeMeanNothing)
{
    std::filesystem::rename(tree(), sandbox.root() / "my: linux");
    const auto result = sandbox.krunctl({"build", "--local-version", ".krun.test", "--source", "my: linux"});
    EXPECT_EQ(result.status, 0) << result.errors;
}

TEST_F(SourceTest, OfAGitTreeExactlyTheCommitIsBuilt)
{
    commit();
    write_text(tree() / "untracked", "mine");
    const auto before = state_of_tree();
    const auto result = build({"--json"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(state_of_tree(), before);
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["source"]["kind"], "git");
    EXPECT_EQ(json["source"]["identity"].get<std::string>().size(), 40U);
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(json["tree"]) / "untracked"));
}

TEST_F(SourceTest, ModifiedAndStagedFilesOfAGitTreeAreNamed)
{
    commit();
    write_text(tree() / "Kconfig", "mainmenu \"mine\"\n");
    expect_refused(4, "not committed, the first in Kconfig", "git stash");
    git({"add", "-A"});
    expect_refused(4, "not committed, the first in Kconfig", "git stash");
}

TEST_F(SourceTest, ATreeThatWasBuiltInPlaceIsNotClean)
{
    write_text(tree() / ".config", "");
    expect_refused(4, "is not clean: it has .config", "mrproper");
}

TEST_F(SourceTest, ATreeThatHasHooksIsRefused)
{
    write_text(tree() / "krun/Kbuild", "");
    expect_refused(4, "is patched already", "pristine");
}

TEST_F(SourceTest, AFolderWithoutAKernelIsToldFromOneWith)
{
    write_fake_kernel(tree(), false);
    const auto result = build();
    EXPECT_EQ(result.status, 4);
    EXPECT_THAT(result.errors, HasSubstr("is not a Linux source tree"));
    EXPECT_THAT(cached(), IsEmpty());
}

TEST_F(SourceTest, AHookThatDoesNotFitTellsThePlaceInTheUsersTree)
{
    write_text(sandbox.hook(),
               "--- a/Kconfig\n+++ b/Kconfig\n@@ -1,2 +1,2 @@\n mainmenu \"tiny\"\n-config OTHER\n+config NEW\n");
    expect_refused(4,
                   "the hook build does not fit: hunk 1 of Kconfig has no place; look at " +
                       (tree() / "Kconfig").string() + ", at about line 1",
                   "krunctl port " + tree().string());
}

TEST_F(SourceTest, AVersionThatNoLineNamesGetsTheNearestLinesConfiguration)
{
    auto makefile = read_text(tree() / "Makefile");
    makefile.replace(makefile.find("PATCHLEVEL = 12"), 15, "PATCHLEVEL = 14");
    write_text(tree() / "Makefile", makefile);
    const auto result = build({"--json"});
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["folder"], (sandbox.cache() / "kernels/6.14-source-vm").string());
    EXPECT_EQ(json["source"]["hooks_of"], "6.12");
}

TEST_F(SourceTest, ALineCanBeForced)
{
    std::filesystem::copy(sandbox.data() / "kernel/lines/6.12", sandbox.data() / "kernel/lines/5.10",
                          std::filesystem::copy_options::recursive);
    const auto result = build({"--json", "--line", "5.10"});
    ASSERT_EQ(result.status, 0) << result.errors;
    EXPECT_EQ(nlohmann::json::parse(result.output)["source"]["hooks_of"], "5.10");
}

TEST_F(SourceTest, DryRunOfAFolderPrintsTheStepsAndChangesNothing)
{
    const auto result = build({"--dry-run"});
    EXPECT_EQ(result.status, 0) << result.errors;
    std::size_t at = 0;
    for (const auto *step : {"rsync -a", "patch -p1", "tinyconfig", "bzImage", "/vmlinuz", "kernels/6.12-source-vm"}) {
        at = result.output.find(step, at);
        ASSERT_NE(at, std::string::npos) << step << " is missing or out of order in\n" << result.output;
    }
    EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
}

// Ubuntu's source has one, and signing modules at their installation asks a script in it.
TEST_F(SourceTest, AFolderDebianOfTheSourceIsNotWhereItsPackagesAreMade)
{
    write_text(tree() / "debian/control", "Source: linux\n");
    write_text(tree() / "debian/rules", "binary:\n\tfalse\n");
    write_text(tree() / "debian/scripts/sign-module", "#!/bin/sh\n");
    const auto result = build({"--package", "--json"});
    ASSERT_EQ(result.status, 0) << result.errors;
    const auto json = nlohmann::json::parse(result.output);
    EXPECT_EQ(json["packages"], nlohmann::json({"linux-image-6.12.1.krun.test_6.12.1-1_amd64.deb"}));
    const std::filesystem::path copy = json["tree"];
    for (const auto *file : {"debian/control", "debian/rules", "debian/scripts/sign-module"})
        EXPECT_EQ(read_text(copy / file), read_text(tree() / file)) << file;
}

TEST_F(SourceTest, WrongUsageIsStatusTwo)
{
    for (const auto &arguments : std::vector<std::vector<std::string>>{
             {"build", "--source", "/none"},
             {"build", "--source", "ftp://x/linux.tar.xz"},
             {"build", "--unverified"},
             {"build", "--keyring", "k"},
             {"build", "--source", "linux", "--unverified"},
             {"build", "--source", "linux", "--keyring", "k"},
             {"build", "--source", "linux", "--line", "9.99"},
         }) {
        const auto result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, 2) << result.errors;
        EXPECT_THAT(result.errors, HasSubstr("\nhint: "));
        EXPECT_FALSE(std::filesystem::exists(sandbox.cache()));
    }
}

} // namespace
} // namespace krun
