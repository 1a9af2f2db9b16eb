// SPDX-License-Identifier: MIT
// Bash completion of the unpacked krunctl, as Tab asks for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "packages.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

constexpr const char *library = "/usr/share/bash-completion/bash_completion";

// What the last of the words can become; a word of its own for "=", as readline has it.
constexpr const char *press_tab = R"(
. "$1"; . "$2"; shift 2
compopt() { :; } # Only readline has it.
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
COMP_LINE="$*"
COMP_LINE=${COMP_LINE// = /=}
COMP_POINT=${#COMP_LINE}
COMP_TYPE=9
_krunctl "$1" "${@: -1}" "${@: -2:1}"
printf '%s\n' "${COMPREPLY[@]}"
)";

class Completion : public testing::Test
{
  protected:
    void SetUp() override
    {
        if (!fs::exists(library))
            GTEST_SKIP() << "the package bash-completion is not installed";
        std::ofstream(folder_.path() / "press-tab") << press_tab;
    }

    std::vector<std::string> of(std::vector<std::string> words) const
    {
        words.insert(words.begin(), "krunctl");
        std::vector<std::string> argv = {"bash", "--norc", (folder_.path() / "press-tab").string(), library,
                                         (packages().root / "usr/share/bash-completion/completions/krunctl").string()};
        argv.insert(argv.end(), words.begin(), words.end());
        const auto result =
            run_program(argv, folder_.path(), {{"PATH", (packages().root / "usr/bin").string() + ":/usr/bin:/bin"}});
        EXPECT_EQ(result.errors, "");
        auto found = lines_of(result.output);
        std::erase(found, "");
        return found;
    }

    OwnFolder folder_;
};

TEST_F(Completion, OfCommands)
{
    EXPECT_THAT(of({"bu"}), ElementsAre("build"));
    EXPECT_THAT(of({""}), UnorderedElementsAreArray(commands_of_help()));
    EXPECT_THAT(of({"no-such"}), IsEmpty());
}

TEST_F(Completion, OfOptions)
{
    EXPECT_THAT(of({"build", "--li"}), ElementsAre("--line"));
    EXPECT_THAT(of({"--ver"}), ElementsAre("--version"));
    for (const auto &command : commands_of_help())
        EXPECT_THAT(of({command, "-"}), UnorderedElementsAreArray(options_of_help(command))) << command;
}

TEST_F(Completion, OfKernelLines)
{
    std::vector<std::string> lines;
    for (const auto &entry : fs::directory_iterator(KRUN_SOURCE_DIR "/kernel/lines"))
        lines.push_back(entry.path().filename().string());
    EXPECT_THAT(of({"build", "--line", ""}), UnorderedElementsAreArray(lines));
    EXPECT_THAT(of({"boot", "--cpus", "2", "--line", "6.12"}), ElementsAre("6.12"));
    EXPECT_THAT(of({"build", "--line", "=", "6.12"}), ElementsAre("6.12"));
    EXPECT_THAT(of({"port", "--from", "5"}), ElementsAre("5.10"));
}

TEST_F(Completion, OfWhatAnOptionCanBe)
{
    EXPECT_THAT(of({"boot", "--accel", ""}), UnorderedElementsAre("auto", "tcg", "kvm"));
    EXPECT_THAT(of({"build", "--config", "de"}), UnorderedElementsAre("debug", "debian"));
    EXPECT_THAT(of({"build", "--jobs", ""}), IsEmpty());
}

TEST_F(Completion, OfAConfigurationAlsoHasFiles)
{
    std::ofstream(folder_.path() / "debian.config") << "\n";
    EXPECT_THAT(of({"build", "--config", "debi"}), UnorderedElementsAre("debian", "debian.config"));
}

TEST_F(Completion, OfACommandToCountAroundIsThatOfThisMachine)
{
    EXPECT_THAT(of({"stat", "--pin", "1", "--", "bas"}), Contains("bash"));
    EXPECT_THAT(of({"stat", "--", "env", "--fail"}), IsEmpty());
    EXPECT_THAT(of({"stat", "--fail-on", ""}), UnorderedElementsAre("disturbed", "undecided", "ticking"));
    EXPECT_THAT(of({"stat", "--format", "re"}), ElementsAre("rebench"));
}

TEST_F(Completion, HasNoOptionsOfKrunctlForTheGuestsCommand)
{
    EXPECT_THAT(of({"boot", "--", "prog", "--li"}), IsEmpty());
    EXPECT_THAT(of({"build", "--dry-run", "--out"}), Contains("--output"));
}

TEST_F(Completion, OfBothShellsIsWhatTheInstalledKrunctlPrints)
{
    const std::pair<const char *, const char *> scripts[] = {{"bash", "usr/share/bash-completion/completions/krunctl"},
                                                             {"zsh", "usr/share/zsh/vendor-completions/_krunctl"}};
    for (const auto &[shell, file] : scripts) {
        std::ostringstream installed;
        installed << std::ifstream(packages().root / file).rdbuf();
        const auto printed = packages().krunctl({"completion", shell}).output;
        EXPECT_FALSE(printed.empty());
        EXPECT_EQ(installed.str(), printed);
    }
}

} // namespace
} // namespace krun
