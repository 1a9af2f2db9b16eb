// SPDX-License-Identifier: MIT
// What options accept. Each function takes the option and returns it. The help and the completion of the shells
// (option_facts.hpp) read from the option what was said here.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace krun
{

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
