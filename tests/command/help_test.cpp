// SPDX-License-Identifier: MIT
// --help of every command has one style, and says the same as the manual page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <regex>
#include <set>

#include "help_page.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using testing::HasSubstr;
using testing::StartsWith;
using testing::UnorderedElementsAreArray;

const std::filesystem::path pages = KRUN_SOURCE_DIR "/docs/man";

// Imperative: "Print", not "prints" or "printing"; no full stop, as there is one sentence at most.
void expect_style(const std::string &text, const std::string &where)
{
    ASSERT_FALSE(text.empty()) << where;
    EXPECT_TRUE(std::isupper(text.front())) << where << ": " << text;
    EXPECT_FALSE(text.ends_with(".")) << where << ": " << text;
    const auto verb = words_of(text).front();
    EXPECT_FALSE(verb.ends_with("ing") || (verb.ends_with("s") && !verb.ends_with("ss"))) << where << ": " << text;
}

int count_of(const std::string &text, const std::string &word)
{
    int count = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1))
        count++;
    return count;
}

// What holds for a value is said by what checks it, in parentheses at the end.
void expect_facts_once(const HelpEntry &option, const std::string &where)
{
    const auto open = option.text.rfind('(');
    const auto description = option.text.substr(0, open);
    EXPECT_LE(count_of(option.text, "default"), 1) << where;
    EXPECT_EQ(
        count_of(description, "default:") + count_of(description, "repeatable") + count_of(description, "one of "), 0)
        << where;
    EXPECT_THAT(option.value, testing::Not(testing::AnyOf("TEXT:", "INT", "UINT", "FLOAT", "BOOLEAN"))) << where;
    EXPECT_FALSE(std::regex_search(option.value, std::regex("[a-z]"))) << where << ": " << option.value;
}

void expect_form(const HelpPage &page, const std::string &command)
{
    for (const auto &line : page.lines) {
        EXPECT_LE(line.size(), 79U) << command << ": " << line;
        EXPECT_FALSE(line.ends_with(" ")) << command << ": " << line;
    }
    expect_style(page.lines.at(0), command);
    EXPECT_EQ(page.lines.at(1), "");
    EXPECT_THAT(page.lines.at(2), StartsWith("Usage: "));
    EXPECT_THAT(page.lines.back(), StartsWith("Exit status: "));
    EXPECT_THAT(page.lines.back(), HasSubstr("see krunctl"));
    for (const auto &[section, entries] : page.sections) {
        for (const auto &entry : entries) {
            const auto where = command + " " + entry.names.front();
            expect_style(entry.text, where);
            expect_facts_once(entry, where);
        }
    }
    EXPECT_THAT(page.names_in("Options"), testing::IsSupersetOf({"-h", "--help"})) << command;
}

class HelpTest : public testing::Test
{
  protected:
    Sandbox sandbox;
};

TEST_F(HelpTest, HasOneFormInEveryCommand)
{
    expect_form(help_of(sandbox, ""), "krunctl");
    for (const auto &command : all_commands(sandbox)) {
        const auto page = help_of(sandbox, command);
        expect_form(page, command);
        EXPECT_THAT(page.lines.at(2), StartsWith("Usage: krunctl " + command));
    }
    expect_form(parse_help(sandbox.run({KRUN_TESTS, "--help"}).output), "./krun test");
}

TEST_F(HelpTest, OfKrunctlHasOneLinePerCommandWhichIsTheCommandsPurpose)
{
    const auto page = help_of(sandbox, "");
    for (const auto &command : page.sections.at("Commands")) {
        EXPECT_EQ(command.lines, 1) << command.names.front();
        EXPECT_EQ(command.text, help_of(sandbox, command.names.front()).lines.at(0));
    }
}

TEST_F(HelpTest, NamesDefaultsRangesAndChoicesOfWhatIsChecked)
{
    const auto text = [this](const std::string &command, const std::string &name) {
        const auto page = help_of(sandbox, command);
        for (const auto &option : page.sections.at("Options")) {
            if (option.names.back() == name)
                return option.text;
        }
        return std::string();
    };
    EXPECT_EQ(text("build", "--jobs"), "Run N jobs in parallel (1 to 4096; default: one per CPU)");
    EXPECT_EQ(text("boot", "--accel"), "Emulate or virtualize; auto probes whether KVM really works (one of auto, tcg, "
                                       "kvm; default: auto)");
    EXPECT_EQ(text("boot", "--copy-in"), "Copy a file or folder into the guest (repeatable)");
    EXPECT_EQ(text("build", "--keyring"), "Verify the tarball's signature by the OpenPGP keys in it (needs --source)");
    EXPECT_EQ(text("publish", "--key"), "Sign with this OpenPGP key of yours, as gpg names it (required)");
}

std::filesystem::path page_of(const std::string &command)
{
    const auto name = command.empty() ? "krunctl" : "krunctl-" + command;
    const auto first = pages / (name + ".1.scd");
    return std::filesystem::exists(first) ? first : pages / (name + ".8.scd");
}

// The options whose entries the section OPTIONS has: "*-j*, *--jobs* _N_".
std::vector<std::string> options_of_page(const std::string &command)
{
    const auto text = read_text(page_of(command));
    const auto begin = text.find("\n# OPTIONS\n");
    EXPECT_NE(begin, std::string::npos) << command;
    const std::regex name("\\*(--?[a-z][a-z-]*)\\*");
    std::set<std::string> found; // --control has two forms
    for (const auto &line : lines_of(text.substr(begin, text.find("\n# ", begin + 1) - begin))) {
        if (!line.starts_with("*-"))
            continue;
        for (auto match = std::sregex_iterator(line.begin(), line.end(), name); match != std::sregex_iterator();
             ++match)
            found.insert((*match)[1]);
    }
    return {found.begin(), found.end()};
}

TEST_F(HelpTest, HasTheOptionsOfTheManualPageAndNoOthers)
{
    auto commands = all_commands(sandbox);
    commands.emplace_back();
    for (const auto &command : commands)
        EXPECT_THAT(options_of_page(command), UnorderedElementsAreArray(help_of(sandbox, command).names_in("Options")))
            << "of krunctl " << command;
}

// The page's default is the program's, where the program has one that can be compared: a number or a word.
TEST_F(HelpTest, HasTheDefaultsOfTheManualPage)
{
    const std::regex plain("default: ([0-9a-z.]+)\\)$");
    int compared = 0;
    for (const auto &command : all_commands(sandbox)) {
        const auto text = read_text(page_of(command));
        const auto page = help_of(sandbox, command);
        for (const auto &option : page.sections.at("Options")) {
            std::smatch match;
            if (!std::regex_search(option.text, match, plain))
                continue;
            const auto begin = text.find("\n*" + option.names.front() + "*");
            ASSERT_NE(begin, std::string::npos) << command << " " << option.names.front();
            const auto entry = text.substr(begin, text.find("\n*-", begin + 1) - begin);
            const auto value = match[1].str();
            EXPECT_TRUE(
                std::regex_search(entry, std::regex("default:?\\s+\\*?" + value + "\\b|\\*" + value +
                                                    "\\*[^.]*\\(?the default|" + value + "\\*? \\([^)]*default")))
                << command << " " << option.names.front() << ": " << value << " in" << entry;
            compared++;
        }
    }
    EXPECT_GE(compared, 10);
}

} // namespace
} // namespace krun
