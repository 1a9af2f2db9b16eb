// SPDX-License-Identifier: MIT
// The options of the commands: what they accept, as help, completion and errors read it.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace krun
{

// What CLI11 knows of an option, as the help and the completion of the shells need it.

struct OptionFacts {
    std::vector<std::string> names; // with dashes, the short ones first; none: a positional argument
    std::string value;              // what is put for its value, as in "--line LINE"; empty: it takes none
    std::string description;
    std::string range; // "1 to 64"
    std::string default_value;
    std::vector<std::string> choices;     // the only values
    std::vector<std::string> suggestions; // some of the values
    std::vector<std::string> needs;       // other options, by name
    std::vector<std::string> excludes;
    bool required = false;
    bool repeatable = false;

    [[nodiscard]] bool positional() const { return names.empty(); }
};

// Those that the help shows, in the order in which they were added.
std::vector<OptionFacts> facts_of_options(const CLI::App &command);

// The commands of the program by name, in the order in which they were added.
std::vector<const CLI::App *> commands_of(const CLI::App &app);
std::vector<std::string> names_of_commands(const CLI::App &app);

// An option that takes a value, which the help calls `value`.
template <class Value>
CLI::Option *value_option(CLI::App *command, const std::string &names, const std::string &value, Value &variable,
                          const std::string &description)
{
    return command->add_option(names, variable, description)->type_name(value);
}

// What options accept. Each function takes the option and returns it. The help and the completion of the shells
// (OptionFacts) read from the option what was said here.

// The names that an option's validators have.
inline constexpr const char *choices_validator = "choices";
inline constexpr const char *suggestions_validator = "suggestions";
inline constexpr const char *range_validator = "range";

// One of these words and nothing else.
CLI::Option *accept_choices(CLI::Option *option, const std::vector<std::string> &words);

// These words have a meaning of their own; anything else is a file's name.
CLI::Option *accept_words_or_file(CLI::Option *option, const std::vector<std::string> &words);

// CLI11 takes "" for a value, as "$CPU" is when the variable has not been set.
CLI::Option *refuse_empty(CLI::Option *option);

[[noreturn]] void refuse_number(const CLI::Option &option, const std::string &text, const std::string &range);

template <class Number>
CLI::Option *accept_range(CLI::Option *option, Number lowest, Number highest = std::numeric_limits<Number>::max())
{
    const bool bounded = highest != std::numeric_limits<Number>::max();
    const auto range = bounded ? fmt::format("{} to {}", lowest, highest) : fmt::format("{} or more", lowest);
    const auto check = [option, lowest, highest, range](const std::string &text) -> std::string {
        Number number{};
        if (!CLI::detail::lexical_cast(text, number) || !(number >= lowest && number <= highest))
            refuse_number(*option, text, range);
        return {};
    };
    return option->check(CLI::Validator(check, range, range_validator));
}

// "0,2-3", ascending and each once. UserError if it is not a CPU list, or an empty one.
std::vector<int> cpu_list_value(const std::string &option, const std::string &text);

} // namespace krun
