// SPDX-License-Identifier: MIT
// krunctl completion: the script that completes krunctl's command line in a shell.

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <memory>

#include "commands/command.hpp"
#include "commands/options.hpp"
#include "self/krunctl.hpp"
#include "source/kernel_line.hpp"

namespace krun
{

namespace
{

// What can be completed for a value besides words: the name of a "file", "folder" or "program"; else it is "text".
std::string kind_of_value(const std::string &command, const OptionFacts &option)
{
    const auto is_one_of = [&option](const std::vector<std::string> &values) {
        return std::find(values.begin(), values.end(), option.value) != values.end();
    };
    if (is_one_of({"FILE", "DEB", "SOURCE", "SRC:DST"}) || !option.suggestions.empty())
        return "file";
    if (is_one_of({"FOLDER", "DIR", "TREE"}))
        return "folder";
    // The command of `boot` is one of the guest.
    return option.positional() && option.value == "COMMAND" && command == "stat" ? "program" : "text";
}

struct CompletedOption : OptionFacts {
    std::string kind;
    std::string words;
};

struct CompletedCommand {
    std::string name; // empty: krunctl itself
    std::string description;
    std::vector<CompletedOption> options;
};

CompletedCommand completed(const CLI::App &command, const std::string &name, const std::string &lines)
{
    CompletedCommand result = {name, command.get_description(), {}};
    for (const auto &option : facts_of_options(command)) {
        const auto &words = option.choices.empty() ? option.suggestions : option.choices;
        result.options.push_back({option, kind_of_value(name, option),
                                  option.value == "LINE" ? lines : fmt::format("{}", fmt::join(words, " "))});
    }
    return result;
}

// The script for bash: what is known of the options in two functions, and one that asks them.

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

std::string case_of(const std::vector<std::string> &patterns, const std::string &text)
{
    return fmt::format("    '{}') echo '{}' ;;\n", fmt::join(patterns, "' | '"), text);
}

std::string options_of(const CompletedCommand &command)
{
    std::vector<std::string> names;
    for (const auto &option : command.options)
        names.insert(names.end(), option.names.begin(), option.names.end());
    return case_of({command.name}, fmt::format("{}", fmt::join(names, " ")));
}

// Of several positional arguments, the last is the one that there are many of.
std::string values_of(const CompletedCommand &command)
{
    std::string all;
    std::string argument;
    for (const auto &option : command.options) {
        const auto values = option.kind + " " + option.words;
        std::vector<std::string> patterns;
        for (const auto &name : option.names)
            patterns.push_back(command.name + " " + name);
        if (option.positional())
            argument = case_of({command.name + " "}, values);
        else if (!option.value.empty())
            all += case_of(patterns, values);
    }
    return all + argument;
}

std::string bash_completion(const CompletedCommand &program, const std::vector<CompletedCommand> &commands)
{
    std::string options = options_of(program);
    std::string names;
    std::string values;
    for (const auto &command : commands) {
        options += options_of(command);
        names += " " + command.name;
        values += values_of(command);
    }
    return fmt::format(
        "# shellcheck shell=bash\n"
        "# bash completion of krunctl, written by `krunctl completion bash`\n\n"
        "_krunctl_options() {{ # COMMAND\n    case $1 in\n{}    esac\n}}\n\n"
        "# What an option's value, or a command's argument, can be: text, file, folder or program, and words.\n"
        "_krunctl_values() {{ # COMMAND OPTION\n    case \"$1 $2\" in\n{}{}    *) return 1 ;;\n    esac\n}}\n{}",
        options, case_of({" "}, "text" + names), values, asking);
}

// The script for zsh: specifications for its function _arguments (zshcompsys(1)).

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

std::string action_for(const CompletedOption &option)
{
    static const std::map<std::string, std::string> without_words = {
        {"text", " "}, {"file", "_files"}, {"folder", "_files -/"}, {"program", "_normal"}};
    if (option.words.empty())
        return without_words.at(option.kind);
    // The blank: as it is.
    return option.kind == "file" ? " _krunctl_words_or_files " + option.words : "(" + option.words + ")";
}

std::vector<std::string> specs_of(const CompletedOption &option)
{
    const auto value = fmt::format(":{}:{}", escaped(option.value, ":"), action_for(option));
    if (option.positional()) {
        const auto *place = option.kind == "program" ? "*:" : option.repeatable ? "*" : option.required ? "" : ":";
        return {fmt::format("'{}{}'", place, value)};
    }
    std::vector<std::string> specs;
    for (const auto &name : option.names) {
        const auto others = option.repeatable ? "*" : fmt::format("({})", fmt::join(option.names, " "));
        const auto description = escaped(option.description, "[]");
        if (option.value.empty())
            specs.push_back(fmt::format("'{}{}[{}]'", others, name, description));
        else
            specs.push_back(
                fmt::format("'{}{}{}[{}]{}'", others, name, name.starts_with("--") ? "=" : "+", description, value));
    }
    return specs;
}

std::string arguments_of(const CompletedCommand &command, const std::string &indent)
{
    std::vector<std::string> specs;
    for (const auto &option : command.options)
        for (const auto &spec : specs_of(option))
            specs.push_back(spec);
    return fmt::format("{}", fmt::join(specs, " \\\n" + indent));
}

std::string zsh_completion(const CompletedCommand &program, const std::vector<CompletedCommand> &all)
{
    std::string commands;
    std::string cases;
    for (const auto &command : all) {
        commands += fmt::format("        '{}:{}'\n", command.name, escaped(command.description, ":"));
        cases += fmt::format("        {})\n            _arguments -S \\\n                {}\n            ;;\n",
                             command.name, arguments_of(command, std::string(16, ' ')));
    }
    return fmt::format(script, commands, arguments_of(program, std::string(8, ' ')), cases);
}

} // namespace

void add_completion_command(CLI::App &app, Context &context)
{
    auto shell = std::make_shared<std::string>();
    auto *command = app.add_subcommand("completion", "Print a shell's script that completes krunctl's options");
    accept_choices(command->add_option("SHELL", *shell, "Print the script for this shell")->required(),
                   {"bash", "zsh"});
    command->callback([&app, &context, shell] {
        std::vector<std::string> lines;
        for (const auto &line : unwrap(load_kernel_lines(context.files, data_directory())))
            lines.push_back(line.name);
        const auto words = fmt::format("{}", fmt::join(lines, " "));
        std::vector<CompletedCommand> commands;
        for (const auto *one : commands_of(app))
            commands.push_back(completed(*one, one->get_name(), words));
        const auto write = *shell == "bash" ? bash_completion : zsh_completion;
        std::fputs(write(completed(app, "", words), commands).c_str(), stdout);
    });
}

} // namespace krun
