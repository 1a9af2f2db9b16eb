// SPDX-License-Identifier: MIT
// krunctl completion: the script that completes krunctl's command line in a shell.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "commands/command.hpp"
#include "commands/completion_script.hpp"
#include "commands/option_values.hpp"
#include "source/kernel_line.hpp"
#include "util/paths.hpp"

namespace krun
{

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
