// SPDX-License-Identifier: MIT
// The script for zsh: specifications for its function _arguments (zshcompsys(1)).
#include "commands/completion_script.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace krun
{
namespace
{

constexpr const char *script = R"script(#compdef krunctl
# zsh completion of krunctl, written by `krunctl completion zsh`

_krunctl_words_or_files() {{
    _alternative "words:word:($*)" 'files:file:_files'
}}

_krunctl() {{
    local curcontext=$curcontext state line
    local -a commands
    commands=(
{}    )
    _arguments -C \
        {} \
        ':COMMAND:->command' \
        '*::argument:->argument' && return
    case $state in
    command)
        _describe -t commands command commands
        ;;
    argument)
        curcontext=${{curcontext%:*:*}}:krunctl-$words[1]:
        case $words[1] in
{}        esac
        ;;
    esac
}}

# Found by compinit in a folder of $fpath, or sourced.
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _krunctl "$@"
else
    compdef _krunctl krunctl
fi
)script";

std::string escaped(const std::string &text, const std::string &special)
{
    std::string all;
    for (const char letter : text) {
        if (letter == '\'') {
            all += "'\\''"; // it all stands in single quotes
            continue;
        }
        if (special.find(letter) != std::string::npos)
            all += '\\';
        all += letter;
    }
    return all;
}

std::string action_for(const Completion &completion, const std::string &command, const OptionFacts &option)
{
    const auto words = fmt::format("{}", fmt::join(words_for(completion, option), " "));
    switch (kind_of_value(command, option)) {
    case ValueKind::file:
        return words.empty() ? "_files" : " _krunctl_words_or_files " + words; // the blank: as it is
    case ValueKind::folder:
        return "_files -/";
    case ValueKind::program:
        return "_normal";
    case ValueKind::text:
        break;
    }
    return words.empty() ? " " : "(" + words + ")";
}

std::string argument_spec(const Completion &completion, const std::string &command, const OptionFacts &option)
{
    const auto kind = kind_of_value(command, option);
    const auto *place = kind == ValueKind::program ? "*::" : option.repeatable ? "*:" : option.required ? ":" : "::";
    return fmt::format("'{}{}:{}'", place, escaped(option.value, ":"), action_for(completion, command, option));
}

std::vector<std::string> option_specs(const Completion &completion, const std::string &command,
                                      const OptionFacts &option)
{
    std::vector<std::string> specs;
    for (const auto &name : option.names) {
        auto spec = option.repeatable ? "*" : fmt::format("({})", fmt::join(option.names, " "));
        spec += name;
        if (!option.value.empty())
            spec += name.starts_with("--") ? "=" : "+";
        spec += fmt::format("[{}]", escaped(option.description, "[]"));
        if (!option.value.empty())
            spec += fmt::format(":{}:{}", escaped(option.value, ":"), action_for(completion, command, option));
        specs.push_back("'" + spec + "'");
    }
    return specs;
}

std::vector<std::string> specs_of(const Completion &completion, const CLI::App &command, const std::string &name)
{
    std::vector<std::string> specs;
    for (const auto &option : facts_of_options(command)) {
        if (option.positional())
            specs.push_back(argument_spec(completion, name, option));
        else
            for (const auto &spec : option_specs(completion, name, option))
                specs.push_back(spec);
    }
    return specs;
}

} // namespace

std::string zsh_completion(const Completion &completion)
{
    std::string commands;
    std::string cases;
    for (const auto *command : commands_of(completion.app)) {
        const auto name = command->get_name();
        commands += fmt::format("        '{}:{}'\n", name, escaped(command->get_description(), ":"));
        cases += fmt::format("        {})\n            _arguments -S \\\n                {}\n            ;;\n", name,
                             fmt::join(specs_of(completion, *command, name), " \\\n                "));
    }
    return fmt::format(script, commands, fmt::join(specs_of(completion, completion.app, ""), " \\\n        "), cases);
}

} // namespace krun
