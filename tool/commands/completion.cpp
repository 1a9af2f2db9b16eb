// SPDX-License-Identifier: MIT
// krunctl completion: the script that completes krunctl's command line in a shell.

#include "commands/completion.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>

#include "commands/command.hpp"
#include "commands/options.hpp"
#include "self/krunctl.hpp"
#include "source/kernel_line.hpp"

namespace krun
{

// The script for bash: what is known of the options in two functions, and one that asks them.

namespace
{

constexpr const char *asking = R"script(
_krunctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' values='' at word
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        word=${COMP_WORDS[at]}
        if [[ $word == -- ]]; then
            if [[ $command == stat ]] && declare -F _command_offset >/dev/null; then
                _command_offset $((at + 1))
            else # a command that krunctl does not know
                compopt -o default
            fi
            return
        fi
        [[ -n $command || $word == -* ]] || command=$word
    done
    # Readline has three words for --line=6.12.
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $prev == '=' ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $prev == -* ]] && values=$(_krunctl_values "$command" "$prev"); then
        :
    elif [[ ${COMP_WORDS[COMP_CWORD]} == '=' || ${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then
        return # a value for an option that takes none
    elif [[ $cur == -* ]]; then
        values="text $(_krunctl_options "$command")"
    else
        values=$(_krunctl_values "$command" '') || return
    fi
    mapfile -t COMPREPLY < <(
        compgen -W "${values#* }" -- "$cur"
        case ${values%% *} in
        file) compgen -f -- "$cur" ;;
        folder) compgen -d -- "$cur" ;;
        program) compgen -c -- "$cur" ;;
        esac
    )
    [[ ${values%% *} != file && ${values%% *} != folder ]] || compopt -o filenames
} &&
    complete -F _krunctl krunctl
)script";

const char *bash_kind(ValueKind kind)
{
    switch (kind) {
    case ValueKind::file:
        return "file";
    case ValueKind::folder:
        return "folder";
    case ValueKind::program:
        return "program";
    case ValueKind::text:
        break;
    }
    return "text";
}

std::string case_of(const std::vector<std::string> &patterns, const std::string &text)
{
    std::string pattern;
    for (const auto &one : patterns)
        pattern += (pattern.empty() ? "'" : " | '") + one + "'";
    return fmt::format("    {}) echo '{}' ;;\n", pattern, text);
}

std::string options_of(const CLI::App &command, const std::string &name)
{
    std::vector<std::string> names;
    for (const auto &option : facts_of_options(command))
        names.insert(names.end(), option.names.begin(), option.names.end());
    return case_of({name}, fmt::format("{}", fmt::join(names, " ")));
}

// Of several positional arguments, the last is the one that there are many of.
std::string values_of(const Completion &completion, const CLI::App &command, const std::string &name)
{
    std::string all;
    std::string argument;
    for (const auto &option : facts_of_options(command)) {
        const auto text =
            fmt::format("{} {}", bash_kind(kind_of_value(name, option)), fmt::join(words_for(completion, option), " "));
        std::vector<std::string> patterns;
        for (const auto &option_name : option.names)
            patterns.push_back(name + " " + option_name);
        if (option.positional())
            argument = case_of({name + " "}, text);
        else if (!option.value.empty())
            all += case_of(patterns, text);
    }
    return all + argument;
}

} // namespace

std::string bash_completion(const Completion &completion)
{
    std::string options = options_of(completion.app, "");
    std::string values = case_of({" "}, fmt::format("text {}", fmt::join(names_of_commands(completion.app), " ")));
    for (const auto *command : commands_of(completion.app)) {
        options += options_of(*command, command->get_name());
        values += values_of(completion, *command, command->get_name());
    }
    return fmt::format(
        "# shellcheck shell=bash\n"
        "# bash completion of krunctl, written by `krunctl completion bash`\n\n"
        "_krunctl_options() {{ # COMMAND\n    case $1 in\n{}    esac\n}}\n\n"
        "# What an option's value, or a command's argument, can be: text, file, folder or program, and words.\n"
        "_krunctl_values() {{ # COMMAND OPTION\n    case \"$1 $2\" in\n{}    *) return 1 ;;\n    esac\n}}\n{}",
        options, values, asking);
}

// The script for zsh: specifications for its function _arguments (zshcompsys(1)).

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

ValueKind kind_of_value(const std::string &command, const OptionFacts &option)
{
    const auto is_one_of = [&option](const std::vector<std::string> &values) {
        return std::find(values.begin(), values.end(), option.value) != values.end();
    };
    if (is_one_of({"FILE", "DEB", "SOURCE", "SRC:DST"}) || !option.suggestions.empty())
        return ValueKind::file;
    if (is_one_of({"FOLDER", "DIR", "TREE"}))
        return ValueKind::folder;
    // The command of `boot` is one of the guest.
    return option.positional() && option.value == "COMMAND" && command == "stat" ? ValueKind::program : ValueKind::text;
}

std::vector<std::string> words_for(const Completion &completion, const OptionFacts &option)
{
    if (option.value == "LINE")
        return completion.lines;
    return option.choices.empty() ? option.suggestions : option.choices;
}

void add_completion_command(CLI::App &app, Context &context)
{
    auto shell = std::make_shared<std::string>();
    auto *command = app.add_subcommand("completion", "Print a shell's script that completes krunctl's options");
    accept_choices(command->add_option("SHELL", *shell, "Print the script for this shell")->required(),
                   {"bash", "zsh"});
    command->callback([&app, &context, shell] {
        Completion completion{app, {}};
        for (const auto &line : unwrap(load_kernel_lines(context.files, data_directory())))
            completion.lines.push_back(line.name);
        std::fputs((*shell == "bash" ? bash_completion(completion) : zsh_completion(completion)).c_str(), stdout);
    });
}

} // namespace krun
