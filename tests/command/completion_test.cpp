// SPDX-License-Identifier: MIT
// What Tab gives in bash and in zsh, by the scripts that krunctl prints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "help_page.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using testing::UnorderedElementsAreArray;

using Words = std::vector<std::string>;

bool is_installed(const std::string &program) { return std::filesystem::exists("/usr/bin/" + program); }

class CompletionTest : public testing::Test
{
  protected:
    std::string script(const std::string &shell)
    {
        const auto result = sandbox.krunctl({"completion", shell});
        EXPECT_EQ(result.status, 0) << result.errors;
        const auto file = (sandbox.root() / ("completion." + shell)).string();
        write_text(file, result.output);
        return file;
    }
    Words found_in(const ProcessResult &result)
    {
        EXPECT_EQ(result.errors, "");
        auto found = lines_of(result.output);
        std::erase(found, "");
        return found;
    }
    Sandbox sandbox;
};

class BashCompletion : public CompletionTest
{
  protected:
    // The words of a command line, the last of which is to be completed.
    Words of(Words words)
    {
        // Only readline has compopt.
        const auto *ask = R"(. "$0"
compopt() { :; }
COMP_WORDS=(krunctl "$@")
COMP_CWORD=$#
_krunctl
printf '%s\n' "${COMPREPLY[@]}")";
        words.insert(words.begin(), {"bash", "--norc", "-c", ask, file});
        return found_in(sandbox.run(words));
    }
    std::string file = script("bash");
};

TEST_F(BashCompletion, OfCommandsOptionsAndValues)
{
    EXPECT_THAT(of({"bu"}), ElementsAre("build"));
    EXPECT_THAT(of({"build", "--li"}), ElementsAre("--line"));
    EXPECT_THAT(of({"build", "--config", ""}),
                testing::IsSupersetOf({"vm", "disk", "debug", "kcsan", "debian", "running"}));
    EXPECT_THAT(of({"build", "--line", ""}), ElementsAre("6.12"));
    EXPECT_THAT(of({"build", "--line", "="}), ElementsAre("6.12"));
    EXPECT_THAT(of({"build", "--line", "=", "6"}), ElementsAre("6.12"));
    EXPECT_THAT(of({"stat", "--format", "re"}), ElementsAre("rebench"));
    EXPECT_THAT(of({"completion", ""}), UnorderedElementsAre("bash", "zsh"));
    EXPECT_THAT(of({"check", "sys"}), ElementsAre("system-calls"));
    EXPECT_THAT(of({"build", "--jobs", ""}), IsEmpty());
    EXPECT_THAT(of({"build", ""}), IsEmpty());
    EXPECT_THAT(of({"boot", "--", "prog", "--li"}), IsEmpty());
}

TEST_F(BashCompletion, OfFilesAndFolders)
{
    write_text(sandbox.root() / "here/kernel.deb", "");
    write_text(sandbox.root() / "here.deb", "");
    EXPECT_THAT(of({"install", "her"}), UnorderedElementsAre("here", "here.deb"));
    EXPECT_THAT(of({"boot", "--kernel", "her"}), UnorderedElementsAre("here", "here.deb"));
    EXPECT_THAT(of({"build", "--output", "her"}), ElementsAre("here"));
    EXPECT_THAT(of({"lines", "her"}), ElementsAre("here"));
    EXPECT_THAT(of({"stat", "tru"}), Contains("true"));
}

TEST_F(BashCompletion, HasExactlyTheOptionsOfHelp)
{
    EXPECT_THAT(of({""}), UnorderedElementsAreArray(all_commands(sandbox)));
    EXPECT_THAT(of({"-"}), UnorderedElementsAreArray(help_of(sandbox, "").names_in("Options")));
    for (const auto &command : all_commands(sandbox))
        EXPECT_THAT(of({command, "-"}), UnorderedElementsAreArray(help_of(sandbox, command).names_in("Options")))
            << command;
}

TEST_F(BashCompletion, HasNothingThatShellcheckFinds)
{
    if (!is_installed("shellcheck"))
        GTEST_SKIP() << "shellcheck is not installed";
    const auto result = sandbox.run({"shellcheck", file});
    EXPECT_EQ(result.status, 0) << result.output;
}

class ZshCompletion : public CompletionTest
{
  protected:
    void SetUp() override
    {
        if (!is_installed("zsh"))
            GTEST_SKIP() << "zsh is not installed";
        file = script("zsh");
    }
    // On a terminal of its own, where each match is printed on a line "<match>" as it is added. The key after Tab says
    // that all of them have been.
    Words of(const std::string &line)
    {
        const auto *ask = R"(zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT= RPROMPT= fpath+=(/usr/share/zsh/functions/Completion/*(/N)); autoload -U compinit; compinit -D -u"
zpty -w shell "source ${(q)1}; bindkey '^I' complete-word; zstyle ':completion:*' insert-tab false"
zpty -w shell 'compadd() { if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi; typeset -a hits; builtin compadd -A hits "$@"; for hit in $hits; do print -r -- "<$hit>"; done; builtin compadd "$@" }'
zpty -w shell 'finish() { print do""ne }; zle -N finish; bindkey "^X" finish; print re""ady'
zpty -r shell seen '*ready*'
zpty -w -n shell "$2"$'\t\C-x'
zpty -r shell seen '*done*'
print -r -- "$seen"
zpty -d shell)";
        const auto result = sandbox.run({"zsh", "-f", "-c", ask, "zsh", file, line});
        Words found;
        for (const auto &shown : lines_of(result.output)) {
            const auto begin = shown.find('<');
            const auto end = shown.find('>', begin);
            if (begin != std::string::npos && end != std::string::npos)
                found.push_back(shown.substr(begin + 1, end - begin - 1));
        }
        return found;
    }
    std::string file;
};

TEST_F(ZshCompletion, IsAScriptThatZshReads)
{
    const auto result = sandbox.run({"zsh", "-n", file});
    EXPECT_EQ(result.status, 0) << result.errors;
}

TEST_F(ZshCompletion, OfCommandsOptionsAndValues)
{
    EXPECT_THAT(of("krunctl bu"), ElementsAre("build"));
    EXPECT_THAT(of("krunctl build --li"), Contains("--line"));
    EXPECT_THAT(of("krunctl build --config "), testing::IsSupersetOf({"vm", "debian", "running"}));
    EXPECT_THAT(of("krunctl build --line "), ElementsAre("6.12"));
}

TEST_F(ZshCompletion, HasExactlyTheOptionsOfHelp)
{
    const auto text = read_text(file);
    for (const auto &command : all_commands(sandbox)) {
        const auto begin = text.find(fmt::format("\n        {})\n", command));
        ASSERT_NE(begin, std::string::npos) << command;
        Words found;
        for (const auto &line : lines_of(text.substr(begin, text.find(";;", begin) - begin))) {
            // '(-j --jobs)--jobs=[...' or '*--fragment=[...'
            const auto spec = trim(line);
            const auto name = spec.find_first_of(")*") + 1;
            if (spec.starts_with("'(") || spec.starts_with("'*-"))
                found.push_back(spec.substr(name, spec.find_first_of("=+[", name) - name));
        }
        EXPECT_THAT(found, UnorderedElementsAreArray(help_of(sandbox, command).names_in("Options"))) << command;
    }
}

} // namespace
} // namespace krun
