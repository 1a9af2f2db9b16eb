// SPDX-License-Identifier: MIT
// What is mistyped is named, with what was meant; and all wrong usage of all commands has the same status and form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "help_page.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::StartsWith;

using Words = std::vector<std::string>;

class MistakeTest : public testing::Test
{
  protected:
    void expect(const Words &arguments, const std::string &message, const std::string &hint)
    {
        const auto result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, 2) << result.errors;
        EXPECT_EQ(result.errors, "krunctl: error: " + message + "\nhint: " + hint + "\n");
        EXPECT_EQ(result.output, "");
    }
    // The same with --json has the same error as an object.
    void expect_in_both_forms(Words arguments, const std::string &word)
    {
        const auto text = sandbox.krunctl(arguments);
        EXPECT_EQ(text.status, 2) << testing::PrintToString(arguments);
        EXPECT_THAT(text.errors, StartsWith("krunctl: error: "));
        EXPECT_THAT(text.errors, HasSubstr(word));
        EXPECT_THAT(text.errors, HasSubstr("\nhint: "));
        EXPECT_EQ(text.output, "");
        if (arguments.front() == "boot" || arguments.front() == "completion") // these report nothing
            return;
        arguments.insert(arguments.begin() + 1, "--json");
        const auto result = sandbox.krunctl(arguments);
        EXPECT_EQ(result.status, 2);
        const auto json = nlohmann::json::parse(result.output, nullptr, false);
        ASSERT_TRUE(json.is_object()) << testing::PrintToString(arguments) << result.output;
        EXPECT_EQ(json.at("schema"), 1);
        EXPECT_EQ(json.at("command"), arguments.front());
        EXPECT_EQ(json.at("error").at("kind"), "usage");
        EXPECT_EQ(json.at("exit_status"), 2);
        EXPECT_THAT(text.errors, HasSubstr(json.at("error").at("message").get<std::string>()));
    }
    Sandbox sandbox;
};

TEST_F(MistakeTest, ACommandIsNamedWithTheNearestOne)
{
    expect({"bulid"}, "unknown command `bulid`", "did you mean `build`?");
    expect({"lnies", "--offline"}, "unknown command `lnies`", "did you mean `lines`?");
    const auto far = sandbox.krunctl({"frobnicate"});
    EXPECT_EQ(far.status, 2);
    EXPECT_THAT(far.errors, HasSubstr("unknown command `frobnicate`\nhint: the commands are lines, build, "));
    for (const auto &command : all_commands(sandbox)) {
        auto word = command;
        const auto at = word.size() - 2;
        std::swap(word[at], word[at - 1]);
        if (word != command)
            expect({word}, "unknown command `" + word + "`", "did you mean `" + command + "`?");
    }
}

TEST_F(MistakeTest, WithoutACommandTheCommandsAreListed)
{
    std::string list;
    for (const auto &command : all_commands(sandbox))
        list += (list.empty() ? "" : ", ") + command;
    expect({}, "a command is missing", "the commands are " + list);
    const auto json = sandbox.krunctl({"--json"});
    EXPECT_EQ(json.status, 2);
    EXPECT_TRUE(nlohmann::json::parse(json.output).at("command").is_null());
}

TEST_F(MistakeTest, AnOptionIsNamedWithTheNearestOne)
{
    expect({"build", "--lin", "6.12"}, "unknown option `--lin`", "did you mean `--line`?");
    expect({"build", "--lin=6.12"}, "unknown option `--lin`", "did you mean `--line`?");
    expect({"boot", "--cpsu", "4", "--", "true"}, "unknown option `--cpsu`", "did you mean `--cpus`?");
    expect({"install", "--dry-rnu", "a.deb"}, "unknown option `--dry-rnu`", "did you mean `--dry-run`?");
    expect({"publish", "--kye", "me", "repository", "a.deb"}, "unknown option `--kye`", "did you mean `--key`?");
    expect({"build", "--nonsense"}, "unknown option `--nonsense`", "see `krunctl build --help`");
    expect({"--versoin"}, "unknown option `--versoin`", "did you mean `--version`?");
}

TEST_F(MistakeTest, AValueIsNamedWithTheNearestOne)
{
    expect({"build", "--config", "debain"}, "--config: unknown value `debain`", "did you mean `debian`?");
    expect({"boot", "--accel", "kmv", "--", "true"}, "--accel: unknown value `kmv`", "did you mean `kvm`?");
    expect({"stat", "--fail-on", "disturbd", "--", "true"}, "--fail-on: unknown value `disturbd`",
           "did you mean `disturbed`?");
    expect({"check", "tikless"}, "CHECK: unknown value `tikless`", "did you mean `tickless`?");
    expect({"completion", "fish"}, "SHELL: unknown value `fish`", "choose one of bash, zsh");
}

TEST_F(MistakeTest, AKernelLineIsNamedWithTheNearestOne)
{
    for (const auto &command : {Words{"build"}, Words{"boot"}})
        expect({command.front(), "--line", "6.21"}, "there is no kernel line 6.21", "did you mean `6.12`?");
    expect({"build", "--line", "9.99"}, "there is no kernel line 9.99", "the lines that we have patched: 6.12");
}

TEST_F(MistakeTest, AConfigurationFileMayHaveANameThatIsNearAWord)
{
    write_text(sandbox.root() / "debain", "");
    EXPECT_THAT(sandbox.krunctl({"build", "--config", "debain"}).errors,
                HasSubstr("the configuration debain is empty"));
}

TEST_F(MistakeTest, TestIsACommandOfTheWrapper)
{
    EXPECT_THAT(sandbox.krunctl({"tset"}).errors, HasSubstr("hint: the commands are "));
    sandbox.environment["KRUN_WRAPPER"] = "1";
    expect({"tset"}, "unknown command `tset`", "did you mean `test`?");
}

TEST_F(MistakeTest, WrongUsageOfEveryCommandIsStatusTwoInTextAndInJson)
{
    for (const auto &command : all_commands(sandbox)) {
        const auto page = help_of(sandbox, command);
        expect_in_both_forms({command, "--no-such-option"}, "unknown option `--no-such-option`");
        for (const auto &option : page.sections.at("Options")) {
            if (!option.value.empty())
                expect_in_both_forms({command, option.names.back()}, option.names.back() + " needs a value");
        }
        if (!page.takes_many_arguments()) {
            const auto known = page.names_in("Arguments").size();
            Words words = {command};
            words.insert(words.end(), known, command == "completion" ? "bash" : "one");
            words.emplace_back("too-many");
            expect_in_both_forms(words, "unexpected argument `too-many`");
        }
    }
}

TEST_F(MistakeTest, EveryCommandThatReportsHasJson)
{
    for (const auto &command : all_commands(sandbox)) {
        const auto names = help_of(sandbox, command).names_in("Options");
        const bool has = std::find(names.begin(), names.end(), "--json") != names.end();
        EXPECT_EQ(has, command != "boot" && command != "completion") << command;
    }
}

} // namespace
} // namespace krun
