// SPDX-License-Identifier: MIT
// Completion scripts for shells, made from the options that the commands really have.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "commands/options.hpp"

namespace krun
{

struct Completion {
    const CLI::App &app;
    std::vector<std::string> lines; // the kernel lines
};

// What can be completed for a value besides words: what it is the name of.
enum class ValueKind { text, file, folder, program };

ValueKind kind_of_value(const std::string &command, const OptionFacts &option);
std::vector<std::string> words_for(const Completion &completion, const OptionFacts &option);

std::string bash_completion(const Completion &completion);
std::string zsh_completion(const Completion &completion);

} // namespace krun
