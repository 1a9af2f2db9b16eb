// SPDX-License-Identifier: MIT
#include "help_page.hpp"

#include <gtest/gtest.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

// "-j, --jobs N": names, and behind the last one its value.
HelpEntry entry_of(const std::string &label)
{
    HelpEntry entry;
    for (const auto &part : split(label, ',')) {
        const auto words = words_of(part);
        if (words.empty())
            continue;
        entry.names.push_back(words.front());
        if (words.size() > 1)
            entry.value = words[1];
    }
    return entry;
}

} // namespace

std::vector<std::string> HelpPage::names_in(const std::string &section) const
{
    std::vector<std::string> all;
    if (const auto found = sections.find(section); found != sections.end()) {
        for (const auto &entry : found->second)
            all.insert(all.end(), entry.names.begin(), entry.names.end());
    }
    return all;
}

bool HelpPage::takes_many_arguments() const
{
    return lines.at(2).find("...]") != std::string::npos || lines.at(2).ends_with("...");
}

HelpPage parse_help(const std::string &text)
{
    HelpPage page;
    page.lines = lines_of(text);
    std::vector<HelpEntry> *section = nullptr;
    for (const auto &line : page.lines) {
        if (line.ends_with(":") && !line.starts_with(" ")) {
            section = &page.sections[line.substr(0, line.size() - 1)];
        } else if (section != nullptr && line.starts_with("  ") && line[2] != ' ') {
            const auto end = line.find("  ", 2);
            section->push_back(entry_of(line.substr(2, end == std::string::npos ? end : end - 2)));
            section->back().text = end == std::string::npos ? "" : trim(line.substr(end));
            section->back().lines = 1;
        } else if (section != nullptr && line.starts_with("   ")) {
            auto &entry = section->back();
            entry.text += (entry.text.empty() ? "" : " ") + trim(line);
            entry.lines++;
        } else {
            section = nullptr;
        }
    }
    return page;
}

HelpPage help_of(Sandbox &sandbox, const std::string &command)
{
    const auto result = sandbox.krunctl(command.empty() ? std::vector<std::string>{"--help"}
                                                        : std::vector<std::string>{command, "--help"});
    EXPECT_EQ(result.status, 0) << command;
    EXPECT_EQ(result.errors, "") << command;
    return parse_help(result.output);
}

std::vector<std::string> all_commands(Sandbox &sandbox)
{
    auto commands = help_of(sandbox, "").names_in("Commands");
    EXPECT_GE(commands.size(), 15U);
    return commands;
}

} // namespace krun
