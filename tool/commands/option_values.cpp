// SPDX-License-Identifier: MIT
#include "commands/option_values.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/ranges.h>

#include "host/cpu_list.hpp"
#include "util/nearest_word.hpp"
#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

bool is_among(const std::vector<std::string> &words, const std::string &text)
{
    return std::find(words.begin(), words.end(), text) != words.end();
}

[[noreturn]] void refuse_word(const CLI::Option &option, const std::string &text, const std::string &hint)
{
    throw UserError(
        {ExitCode::usage, fmt::format("{}: unknown value `{}`", option.get_name(), printable(text)), hint, {}});
}

} // namespace

CLI::Option *accept_choices(CLI::Option *option, const std::vector<std::string> &words)
{
    const auto check = [option, words](const std::string &text) -> std::string {
        if (!is_among(words, text))
            refuse_word(*option, text,
                        did_you_mean(text, words, fmt::format("choose one of {}", fmt::join(words, ", "))));
        return {};
    };
    return option->check(CLI::Validator(check, fmt::format("{}", fmt::join(words, ",")), choices_validator));
}

// A name that is no file's is read as a word that is mistyped, if there is one that is near.
CLI::Option *accept_words_or_file(CLI::Option *option, const std::vector<std::string> &words)
{
    const auto check = [option, words](const std::string &text) -> std::string {
        std::error_code unknown;
        const auto hint = did_you_mean(text, words, {});
        if (!is_among(words, text) && !hint.empty() && !std::filesystem::exists(text, unknown))
            refuse_word(*option, text, hint);
        return {};
    };
    return option->check(CLI::Validator(check, fmt::format("{}", fmt::join(words, ",")), suggestions_validator));
}

CLI::Option *refuse_empty(CLI::Option *option)
{
    return option->check(
        CLI::Validator([](const std::string &text) { return text.empty() ? "must not be empty" : ""; }, ""));
}

void refuse_number(const CLI::Option &option, const std::string &text, const std::string &range)
{
    throw UserError({ExitCode::usage,
                     fmt::format("{} must be a number, {}, not `{}`", option.get_name(), range, printable(text)),
                     {},
                     {}});
}

std::vector<int> cpu_list_value(const std::string &option, const std::string &text)
{
    auto cpus = parse_cpu_list(text);
    if (!cpus || cpus->empty())
        throw UserError(Error{ExitCode::usage,
                              fmt::format("{}: \"{}\" is not a CPU list", option, printable(text)),
                              "write it like 0,2-5",
                              {}});
    std::sort(cpus->begin(), cpus->end());
    cpus->erase(std::unique(cpus->begin(), cpus->end()), cpus->end());
    return *cpus;
}

} // namespace krun
