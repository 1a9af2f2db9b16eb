// SPDX-License-Identifier: MIT

#include "commands/options.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/ranges.h>
#include <set>

#include "host/cpu_sets.hpp"
#include "util/result.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// CLI11 has no constant way to look at validators.
std::string validator_text(CLI::Option &option, const char *name)
{
    try {
        return option.get_validator(name)->get_description();
    } catch (const CLI::OptionNotFound &) {
        return {};
    }
}

// CLI11 puts what the validators accept behind a colon; a name may have colons of its own.
std::string value_name(CLI::Option &option)
{
    auto name = option.get_type_name();
    for (const auto *validator : {choices_validator, suggestions_validator, range_validator}) {
        const auto accepted = validator_text(option, validator);
        if (!accepted.empty() && name.ends_with(":" + accepted))
            name.resize(name.size() - accepted.size() - 1);
    }
    return name;
}

// A set of pointers has another order in each run.
std::vector<std::string> sorted_names(const std::set<CLI::Option *> &options)
{
    std::vector<std::string> names;
    for (const auto *option : options)
        names.push_back(option->get_name());
    std::sort(names.begin(), names.end());
    return names;
}

OptionFacts facts_of(CLI::Option &option)
{
    OptionFacts facts;
    for (const auto &name : option.get_snames())
        facts.names.push_back("-" + name);
    for (const auto &name : option.get_lnames())
        facts.names.push_back("--" + name);
    const bool takes_value = option.get_items_expected_max() > 0;
    if (facts.positional())
        facts.value = option.get_name(true);
    else if (takes_value)
        facts.value = value_name(option);
    facts.description = option.get_description();
    facts.range = validator_text(option, range_validator);
    facts.default_value = option.get_default_str();
    facts.choices = words_of(validator_text(option, choices_validator));
    facts.suggestions = words_of(validator_text(option, suggestions_validator));
    facts.needs = sorted_names(option.get_needs());
    facts.excludes = sorted_names(option.get_excludes());
    facts.required = option.get_required();
    facts.repeatable = option.get_items_expected_max() > 1;
    return facts;
}

bool is_among(const std::vector<std::string> &words, const std::string &text)
{
    return std::find(words.begin(), words.end(), text) != words.end();
}

[[noreturn]] void refuse_word(const CLI::Option &option, const std::string &text, const std::string &hint)
{
    throw UserError(usage_error(fmt::format("{}: unknown value `{}`", option.get_name(), printable(text)), hint));
}

} // namespace

std::vector<OptionFacts> facts_of_options(const CLI::App &command)
{
    std::vector<OptionFacts> all;
    for (const auto *option : command.get_options()) {
        if (!option->get_group().empty())
            all.push_back(facts_of(const_cast<CLI::Option &>(*option)));
    }
    return all;
}

std::vector<const CLI::App *> commands_of(const CLI::App &app)
{
    return app.get_subcommands([](const CLI::App *) { return true; });
}

std::vector<std::string> names_of_commands(const CLI::App &app)
{
    std::vector<std::string> names;
    for (const auto *command : commands_of(app))
        names.push_back(command->get_name());
    return names;
}

CLI::Option *accept_choices(CLI::Option *option, const std::vector<std::string> &words)
{
    const auto check = [option, words](const std::string &text) -> std::string {
        if (!is_among(words, text))
            refuse_word(*option, text,
                        did_you_mean(text, words, fmt::format("choose one of {}", fmt::join(words, ", "))));
        return {};
    };
    return option->check(CLI::Validator(check, fmt::format("{}", fmt::join(words, " ")), choices_validator));
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
    return option->check(CLI::Validator(check, fmt::format("{}", fmt::join(words, " ")), suggestions_validator));
}

CLI::Option *refuse_empty(CLI::Option *option)
{
    return option->check(
        CLI::Validator([](const std::string &text) { return text.empty() ? "must not be empty" : ""; }, ""));
}

void refuse_number(const CLI::Option &option, const std::string &text, const std::string &range)
{
    throw UserError(
        usage_error(fmt::format("{} must be a number, {}, not `{}`", option.get_name(), range, printable(text))));
}

std::vector<int> cpu_list_value(const std::string &option, const std::string &text)
{
    auto cpus = parse_cpu_list(text);
    if (!cpus || cpus->empty())
        throw UserError(
            usage_error(fmt::format("{}: \"{}\" is not a CPU list", option, printable(text)), "write it like 0,2-5"));
    std::sort(cpus->begin(), cpus->end());
    cpus->erase(std::unique(cpus->begin(), cpus->end()), cpus->end());
    return *cpus;
}

} // namespace krun
