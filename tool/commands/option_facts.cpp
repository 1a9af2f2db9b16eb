// SPDX-License-Identifier: MIT
#include "commands/option_facts.hpp"

#include <algorithm>
#include <set>

#include "commands/option_values.hpp"
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

std::vector<std::string> validator_words(CLI::Option &option, const char *name)
{
    const auto text = validator_text(option, name);
    return text.empty() ? std::vector<std::string>() : split(text, ',');
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
    facts.choices = validator_words(option, choices_validator);
    facts.suggestions = validator_words(option, suggestions_validator);
    facts.needs = sorted_names(option.get_needs());
    facts.excludes = sorted_names(option.get_excludes());
    facts.required = option.get_required();
    facts.repeatable = option.get_items_expected_max() > 1;
    return facts;
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

const CLI::App *command_named(const CLI::App &app, const std::string &name)
{
    for (const auto *command : commands_of(app)) {
        if (command->get_name() == name)
            return command;
    }
    return nullptr;
}

} // namespace krun
