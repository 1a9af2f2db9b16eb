// SPDX-License-Identifier: MIT
#include "util/child_process.hpp"

#include <csignal>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <unistd.h>

#include "fakes/temporary_folder.hpp"

namespace krun
{
namespace
{

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Not;
using testing::StartsWith;

// Sets a variable of ours, and puts it back.
class Variable
{
  public:
    Variable(const char *name, const std::string &value) : name_(name)
    {
        if (const char *present = std::getenv(name); present != nullptr)
            before_ = present;
        setenv(name, value.c_str(), 1);
    }
    Variable(const Variable &) = delete;
    Variable &operator=(const Variable &) = delete;
    ~Variable()
    {
        if (before_)
            setenv(name_, before_->c_str(), 1);
        else
            unsetenv(name_);
    }

  private:
    const char *name_;
    std::optional<std::string> before_;
};

auto has(const std::string &variable) { return Contains(variable); }
auto has_no(const std::string &name) { return Each(Not(StartsWith(name + "="))); }

TEST(ChildEnvironment, IsTheCallersWithWhatTheCommandAddsOrReplaces)
{
    const Variable kept("KRUN_TEST_KEPT", "a=b");
    const Variable replaced("KRUN_TEST_REPLACED", "old");
    Command command;
    command.environment = {{"KRUN_TEST_REPLACED", "new"}, {"KRUN_TEST_ADDED", ""}};
    EXPECT_THAT(environment_for(command), AllOf(has("KRUN_TEST_KEPT=a=b"), has("KRUN_TEST_REPLACED=new"),
                                                has("KRUN_TEST_ADDED="), Not(has("KRUN_TEST_REPLACED=old"))));
}

class LeadsABuildAstray : public testing::TestWithParam<const char *>
{
};

TEST_P(LeadsABuildAstray, AndIsNotInherited)
{
    const Variable variable(GetParam(), "x");
    Command command;
    command.inherits = variables_for_builds();
    EXPECT_THAT(environment_for(command), has_no(GetParam()));
    command.environment[GetParam()] = "ours";
    EXPECT_THAT(environment_for(command), has(std::string(GetParam()) + "=ours"));
}

INSTANTIATE_TEST_SUITE_P(Variable, LeadsABuildAstray,
                         testing::Values("KCFLAGS", "KAFLAGS", "KCPPFLAGS", "CFLAGS", "LDFLAGS", "CROSS_COMPILE",
                                         "ARCH", "LLVM", "CC", "HOSTCC", "KCONFIG_ALLCONFIG", "KCONFIG_CONFIG",
                                         "KBUILD_VERBOSE", "KBUILD_OUTPUT", "INSTALL_PATH", "INSTALL_MOD_PATH",
                                         "MAKEFLAGS", "MAKEFILES", "GNUMAKEFLAGS", "O", "V", "C", "W", "M",
                                         "LOCALVERSION", "C_INCLUDE_PATH", "CPATH", "LIBRARY_PATH", "sub_make_done",
                                         "DEB_HOST_ARCH", "GIT_DIR"));

TEST(ChildEnvironment, OfABuildHasWhatThePersonAndTheirMachineNeed)
{
    const Variable path("PATH", "/somewhere/bin:/usr/bin");
    const Variable cache("CCACHE_DIR", "/somewhere/ccache");
    Command command;
    command.inherits = variables_for_builds();
    EXPECT_THAT(environment_for(command),
                AllOf(has("PATH=/somewhere/bin:/usr/bin"), has("CCACHE_DIR=/somewhere/ccache")));
}

class LeadsGitAstray : public testing::TestWithParam<const char *>
{
};

TEST_P(LeadsGitAstray, AndIsNotInherited)
{
    const Variable variable(GetParam(), "x");
    Command command;
    command.inherits = variables_for_git();
    EXPECT_THAT(environment_for(command), has_no(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Variable, LeadsGitAstray,
                         testing::Values("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
                                         "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS",
                                         "GIT_CEILING_DIRECTORIES"));

TEST(ChildEnvironment, OfGitHasThePersonsSettings)
{
    const Variable settings("GIT_CONFIG_GLOBAL", "/somewhere/gitconfig");
    Command command;
    command.inherits = variables_for_git();
    EXPECT_THAT(environment_for(command), has("GIT_CONFIG_GLOBAL=/somewhere/gitconfig"));
}

TEST(ChildEnvironment, ProgramsWhoseOutputIsReadSpeakEnglishAndKeepToTheirDefaults)
{
    const Variable locale("LC_ALL", "tr_TR.UTF-8");
    const Variable language("LANGUAGE", "de");
    const Variable grep("GREP_OPTIONS", "--color=always");
    const Variable posix("POSIXLY_CORRECT", "1");
    Command command;
    EXPECT_THAT(environment_for(command),
                AllOf(has("LC_ALL=C"), has_no("LANGUAGE"), has_no("GREP_OPTIONS"), has_no("POSIXLY_CORRECT")));
    command.environment["LC_ALL"] = "de_DE.UTF-8"; // who says so gets it
    EXPECT_THAT(environment_for(command), has("LC_ALL=de_DE.UTF-8"));
    Command for_the_person;
    for_the_person.terminal = true;
    EXPECT_THAT(environment_for(for_the_person), AllOf(has("LC_ALL=tr_TR.UTF-8"), has("LANGUAGE=de")));
}

TEST(ChildEnvironment, ATmpdirThatCannotBeUsedIsLeftOutAndOneWithABlankIsNot)
{
    const TemporaryFolder folder;
    const auto blank = folder.path() / "a blank";
    std::filesystem::create_directories(blank);
    const Command command;
    {
        const Variable missing("TMPDIR", (folder.path() / "missing").string());
        EXPECT_THAT(environment_for(command), has_no("TMPDIR"));
    }
    {
        const Variable relative("TMPDIR", ".");
        EXPECT_THAT(environment_for(command), has_no("TMPDIR"));
    }
    const Variable usable("TMPDIR", blank.string());
    EXPECT_THAT(environment_for(command), has("TMPDIR=" + blank.string()));
}

pid_t sleeping_child()
{
    const pid_t child = fork();
    while (child == 0)
        pause();
    return child;
}

TEST(OwnedChild, EndsWithItsOwnerAndOnlyWithTheLast)
{
    pid_t pid = 0;
    {
        OwnedChild first(sleeping_child());
        pid = first.pid();
        std::optional<OwnedChild> last;
        {
            OwnedChild moved = std::move(first);
            last.emplace(std::move(moved));
        }
        EXPECT_EQ(kill(pid, 0), 0);
        EXPECT_EQ(last->pid(), pid);
    }
    EXPECT_EQ(kill(pid, 0), -1);
}

TEST(OwnedChild, ThatWasKilledSaysSoAsOftenAsItIsAsked)
{
    OwnedChild child(sleeping_child());
    child.kill();
    EXPECT_EQ(child.wait(), 128 + SIGKILL);
    EXPECT_EQ(child.wait(), 128 + SIGKILL);
}

} // namespace
} // namespace krun
