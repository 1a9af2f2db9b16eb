// SPDX-License-Identifier: MIT
// Variables that were set for somebody else's programs.
#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_kernel.hpp"
#include "sandbox.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::Not;

class EnvironmentTest : public testing::Test
{
  protected:
    EnvironmentTest() { sandbox.environment["GIT_CONFIG_GLOBAL"] = "/dev/null"; }
    // A repository with one commit, whose content is `text`.
    std::filesystem::path repository(const std::string &name, const std::string &text)
    {
        write_text(sandbox.root() / name / "file", text);
        commit(name);
        return sandbox.root() / name;
    }
    void commit(const std::string &name)
    {
        const auto done = sandbox.run({"sh", "-c",
                                       "cd \"$0\" && git init -q && git add -A && "
                                       "git -c user.name=a -c user.email=a@example.org commit -qm one",
                                       name});
        EXPECT_EQ(done.status, 0) << done.errors;
    }
    std::string commands(std::vector<std::string> more = {})
    {
        more.insert(more.begin(), {"build", "--dry-run"});
        const auto result = sandbox.krunctl(more);
        EXPECT_EQ(result.status, 0) << result.errors;
        return result.output;
    }
    Sandbox sandbox;
};

// As in a hook of git's, or for a shell with a bare repository of settings.
TEST_F(EnvironmentTest, TheLocalVersionIsNotThatOfARepositoryThatGitWasPointedTo)
{
    const auto other = repository("other", "other");
    const auto without = commands();
    sandbox.environment["GIT_DIR"] = (other / ".git").string();
    EXPECT_EQ(commands(), without);
    sandbox.environment["GIT_WORK_TREE"] = sandbox.data().string();
    EXPECT_EQ(commands(), without);
}

TEST_F(EnvironmentTest, TheUsersTreeIsReadFromItsOwnRepository)
{
    write_fake_kernel(sandbox.root() / "linux", true);
    commit("linux");
    const auto tree = (sandbox.root() / "linux").string();
    const auto without = sandbox.krunctl({"build", "--source", tree, "--local-version", ".krun.a", "--json"});
    ASSERT_EQ(without.status, 0) << without.errors;
    sandbox.environment["GIT_DIR"] = (repository("other", "other") / ".git").string();
    sandbox.environment["GIT_INDEX_FILE"] = "/nonexistent/index";
    const auto with = sandbox.krunctl({"build", "--source", tree, "--local-version", ".krun.a", "--json"});
    EXPECT_EQ(with.status, 0) << with.errors;
    EXPECT_THAT(with.output, HasSubstr("\"up_to_date\": true")); // the same commit, and so the same key
}

// make takes every variable of the environment for one of its own.
TEST_F(EnvironmentTest, ABuildSeesNoSettingsOfOtherBuilds)
{
    const auto bin = sandbox.root() / "bin";
    write_text(bin / "make",
               "#!/bin/sh\nenv >>\"" + (sandbox.root() / "seen").string() + "\"\nexec /usr/bin/make \"$@\"\n");
    std::filesystem::permissions(bin / "make", std::filesystem::perms::owner_all);
    sandbox.environment["PATH"] = bin.string() + ":" + std::getenv("PATH");
    for (const auto *name : {"KCFLAGS", "CROSS_COMPILE", "ARCH", "LLVM", "KCONFIG_ALLCONFIG", "KBUILD_OUTPUT", "CFLAGS",
                             "INSTALL_PATH", "LOCALVERSION", "V", "O"})
        sandbox.environment[name] = "leaked";
    write_text(sandbox.root() / "leak.mk", "$(error leaked)\n");
    sandbox.environment["MAKEFILES"] = (sandbox.root() / "leak.mk").string();
    const auto built = sandbox.krunctl({"build", "--line", "6.12"});
    EXPECT_EQ(built.status, 0) << built.errors;
    EXPECT_THAT(built.errors, HasSubstr("note: KCFLAGS is set, and not used\n"));
    const auto seen = read_text(sandbox.root() / "seen");
    EXPECT_THAT(seen, HasSubstr("PATH=" + bin.string()));
    EXPECT_THAT(seen, Not(HasSubstr("=leaked\n")));
}

TEST_F(EnvironmentTest, NeitherALocaleNorHabitsChangeWhatIsRead)
{
    const auto without = sandbox.krunctl({"lines", "--json"});
    sandbox.environment["LC_ALL"] = "tr_TR.UTF-8";
    sandbox.environment["LANGUAGE"] = "tr";
    sandbox.environment["POSIXLY_CORRECT"] = "1";
    sandbox.environment["TAR_OPTIONS"] = "--verbose --totals";
    sandbox.environment["TMPDIR"] = "/nonexistent";
    const auto with = sandbox.krunctl({"lines", "--json"});
    EXPECT_EQ(with.status, 0) << with.errors;
    EXPECT_EQ(with.output, without.output);
    const auto built = sandbox.krunctl({"build", "--line", "6.12"});
    EXPECT_EQ(built.status, 0) << built.errors;
}

} // namespace
} // namespace krun
