// SPDX-License-Identifier: MIT
// The script for bash: what is known of the options in two functions, and one that asks them.
#include "commands/completion_script.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace krun
{
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

} // namespace krun
