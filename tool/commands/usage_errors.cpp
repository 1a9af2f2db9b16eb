// SPDX-License-Identifier: MIT
#include "commands/usage_errors.hpp"

#include <regex>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands/option_facts.hpp"
#include "util/nearest_word.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

std::string see_help(const CLI::App &app)
{
    const auto chosen = app.get_subcommands();
    return fmt::format("see `{}{} --help`", app.get_name(), chosen.empty() ? "" : " " + chosen.front()->get_name());
}

Error unknown_option(const CLI::App &app, const CLI::App &command, const std::string &word)
{
    std::vector<std::string> known;
    for (const auto &option : facts_of_options(command))
        known.insert(known.end(), option.names.begin(), option.names.end());
    const auto name = word.substr(0, word.find('='));
    return {ExitCode::usage,
            fmt::format("unknown option `{}`", printable(name)),
            did_you_mean(name, known, see_help(app)),
            {}};
}

Error unknown_command(const CLI::App &app, const std::string &word, const std::vector<std::string> &also)
{
    auto known = names_of_commands(app);
    known.insert(known.end(), also.begin(), also.end());
    return {ExitCode::usage,
            fmt::format("unknown command `{}`", printable(word)),
            did_you_mean(word, known, fmt::format("the commands are {}", fmt::join(known, ", "))),
            {}};
}

// CLI11 has "--line: 1 required LINE missing".
std::string in_our_words(const std::string &text)
{
    static const std::regex missing("^(.+): 1 required (.+) missing$");
    return std::regex_replace(text, missing, "$1 needs a value, $2");
}

} // namespace

Error usage_error_of(const CLI::App &app, const CLI::ParseError &error, const std::vector<std::string> &also)
{
    const auto chosen = app.get_subcommands();
    const CLI::App &command = chosen.empty() ? app : *chosen.front();
    // Whatever else CLI11 complains about may come of a word that it did not know. What follows an unknown option may
    // be its value, and what follows "--" has come to the program.
    std::string plain;
    for (const auto *place : {&command, &app}) {
        for (const auto &word : place->remaining()) {
            const bool is_option = word.size() > 1 && word.front() == '-' && word != "--";
            if (is_option && (plain.empty() || !chosen.empty() || commands_of(app).empty()))
                return unknown_option(app, *place, word);
            if (!is_option && word != "--" && plain.empty())
                plain = word;
        }
    }
    if (!plain.empty() && chosen.empty() && !commands_of(app).empty())
        return unknown_command(app, plain, also);
    if (!plain.empty())
        return {ExitCode::usage, fmt::format("unexpected argument `{}`", printable(plain)), see_help(app), {}};
    if (chosen.empty() && !commands_of(app).empty() && dynamic_cast<const CLI::RequiredError *>(&error) != nullptr) {
        auto known = names_of_commands(app);
        known.insert(known.end(), also.begin(), also.end());
        return {
            ExitCode::usage, "a command is missing", fmt::format("the commands are {}", fmt::join(known, ", ")), {}};
    }
    return {ExitCode::usage, in_our_words(error.what()), see_help(app), {}};
}

Error with_usage_hint(const CLI::App &app, Error error)
{
    if (error.code == ExitCode::usage && error.hint.empty())
        error.hint = see_help(app);
    return error;
}

} // namespace krun
