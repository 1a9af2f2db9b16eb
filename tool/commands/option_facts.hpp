// SPDX-License-Identifier: MIT
// What CLI11 knows of an option, as the help and the completion of the shells need it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace krun
{

struct OptionFacts {
    std::vector<std::string> names; // with dashes, the short ones first; none: a positional argument
    std::string value;              // what is put for its value, as in "--line LINE"; empty: it takes none
    std::string description;
    std::string range; // "1 to 64"
    std::string default_value;
    std::vector<std::string> choices;     // the only values
    std::vector<std::string> suggestions; // some of the values
    std::vector<std::string> needs;       // other options, by name
    std::vector<std::string> excludes;
    bool required = false;
    bool repeatable = false;

    [[nodiscard]] bool positional() const { return names.empty(); }
};

// Those that the help shows, in the order in which they were added.
std::vector<OptionFacts> facts_of_options(const CLI::App &command);

// The commands of the program by name, in the order in which they were added.
std::vector<const CLI::App *> commands_of(const CLI::App &app);
std::vector<std::string> names_of_commands(const CLI::App &app);
const CLI::App *command_named(const CLI::App &app, const std::string &name); // or nullptr

} // namespace krun
