// SPDX-License-Identifier: MIT

#include "commands/help.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <regex>

#include "commands/options.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t help_width = 79;
constexpr std::size_t widest_label = 22; // what is longer has a line of its own

// "  label   text", the text in lines of its own column.
std::string entry(const std::string &label, const std::string &text, std::size_t column)
{
    std::string all;
    std::string line = "  " + label;
    const auto end_line = [&] {
        all += line + "\n";
        line.clear();
    };
    if (line.size() + 2 > column)
        end_line();
    line.resize(column, ' ');
    for (const auto &word : words_of(text)) {
        if (line.size() != column && line.size() + 1 + word.size() > help_width) {
            end_line();
            line.resize(column, ' ');
        }
        line += (line.size() == column ? "" : " ") + word;
    }
    return all + line + "\n";
}

using Entries = std::vector<std::pair<std::string, std::string>>;

std::string section(const std::string &title, const Entries &entries)
{
    if (entries.empty())
        return {};
    std::size_t widest = 0;
    for (const auto &[label, text] : entries)
        widest = std::max(widest, std::min(label.size(), widest_label));
    std::string all = "\n" + title + ":\n";
    for (const auto &[label, text] : entries)
        all += entry(label, text, widest + 4);
    return all;
}

std::string label_of(const OptionFacts &option)
{
    if (option.positional())
        return option.value;
    const auto names = fmt::format("{}", fmt::join(option.names, ", "));
    return option.value.empty() ? names : names + " " + option.value;
}

// The description, and in parentheses what holds for the value, always in the same words and order.
std::string text_of(const OptionFacts &option)
{
    std::vector<std::string> notes;
    const auto note = [&](bool holds, const std::string &text) {
        if (holds)
            notes.push_back(text);
    };
    note(option.required && !option.positional(), "required");
    note(option.repeatable && !option.positional(), "repeatable");
    note(!option.choices.empty(), fmt::format("one of {}", fmt::join(option.choices, ", ")));
    note(!option.suggestions.empty(), fmt::format("{}, or a file", fmt::join(option.suggestions, ", ")));
    note(!option.range.empty(), option.range);
    note(!option.needs.empty(), fmt::format("needs {}", fmt::join(option.needs, ", ")));
    note(!option.excludes.empty(), fmt::format("not with {}", fmt::join(option.excludes, ", ")));
    note(!option.default_value.empty(), "default: " + option.default_value);
    return notes.empty() ? option.description : fmt::format("{} ({})", option.description, fmt::join(notes, "; "));
}

std::string usage_of(const std::string &name, const std::vector<OptionFacts> &options, bool has_commands)
{
    std::string usage = "Usage: " + name;
    for (const auto &option : options) {
        if (option.required && !option.positional())
            usage += fmt::format(" {} {}", option.names.back(), option.value);
    }
    usage += has_commands ? " COMMAND [OPTION...]" : " [OPTION...]";
    for (const auto &option : options) {
        if (!option.positional())
            continue;
        const auto word = option.value + (option.repeatable ? "..." : "");
        usage += option.required ? " " + word : " [" + word + "]";
    }
    return usage + "\n";
}

class HelpStyle : public CLI::FormatterBase
{
  public:
    std::string make_help(const CLI::App *app, std::string name, CLI::AppFormatMode /*mode*/) const override
    {
        const auto options = facts_of_options(*app);
        Entries commands;
        for (const auto *command : commands_of(*app))
            commands.emplace_back(command->get_name(), command->get_description());
        Entries arguments;
        Entries switches;
        for (const auto &option : options)
            (option.positional() ? arguments : switches).emplace_back(label_of(option), text_of(option));
        return fmt::format("{}\n\n{}{}{}{}\n{}\n", app->get_description(), usage_of(name, options, !commands.empty()),
                           section("Commands", commands), section("Arguments", arguments), section("Options", switches),
                           app->get_footer());
    }
};

std::string see_help(const CLI::App &app)
{
    const auto chosen = app.get_subcommands();
    return fmt::format("see `{}{} --help`", app.get_name(), chosen.empty() ? "" : " " + chosen.front()->get_name());
}

Error wrong(std::string message, std::string hint) { return usage_error(std::move(message), std::move(hint)).value(); }

Error unknown_option(const CLI::App &app, const CLI::App &command, const std::string &word)
{
    std::vector<std::string> known;
    for (const auto &option : facts_of_options(command))
        known.insert(known.end(), option.names.begin(), option.names.end());
    const auto name = word.substr(0, word.find('='));
    return wrong(fmt::format("unknown option `{}`", printable(name)), did_you_mean(name, known, see_help(app)));
}

// CLI11 has "--line: 1 required LINE missing".
std::string in_our_words(const std::string &text)
{
    static const std::regex missing("^(.+): 1 required (.+) missing$");
    return std::regex_replace(text, missing, "$1 needs a value, $2");
}

} // namespace

void use_help_style(CLI::App &app)
{
    app.formatter(std::make_shared<HelpStyle>());
    app.set_help_flag("-h,--help", "Print this help and exit");
    app.footer("Exit status: see krunctl(1)");
}

Error usage_error_of(const CLI::App &app, const CLI::ParseError &error, const std::vector<std::string> &also)
{
    const auto chosen = app.get_subcommands();
    const CLI::App &command = chosen.empty() ? app : *chosen.front();
    auto known = names_of_commands(app);
    const bool lacks_command = chosen.empty() && !known.empty();
    known.insert(known.end(), also.begin(), also.end());
    const auto commands = fmt::format("the commands are {}", fmt::join(known, ", "));
    // Whatever else CLI11 complains about may come of a word that it did not know. What follows an unknown option may
    // be its value, and what follows "--" has come to the program.
    std::string plain;
    for (const auto *place : {&command, &app}) {
        for (const auto &word : place->remaining()) {
            const bool is_option = word.size() > 1 && word.front() == '-' && word != "--";
            if (is_option && (plain.empty() || !lacks_command))
                return unknown_option(app, *place, word);
            if (!is_option && word != "--" && plain.empty())
                plain = word;
        }
    }
    if (!plain.empty() && lacks_command)
        return wrong(fmt::format("unknown command `{}`", printable(plain)), did_you_mean(plain, known, commands));
    if (!plain.empty())
        return wrong(fmt::format("unexpected argument `{}`", printable(plain)), see_help(app));
    if (lacks_command && dynamic_cast<const CLI::RequiredError *>(&error) != nullptr)
        return wrong("a command is missing", commands);
    return wrong(in_our_words(error.what()), see_help(app));
}

Error with_usage_hint(const CLI::App &app, Error error)
{
    if (error.code == ExitCode::usage && error.hint.empty())
        error.hint = see_help(app);
    return error;
}

} // namespace krun
