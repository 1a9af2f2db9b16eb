// SPDX-License-Identifier: MIT
// --help of the built programs, taken apart.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sandbox.hpp"

namespace krun
{

struct HelpEntry {
    std::vector<std::string> names; // of an option all, of an argument or a command the only one
    std::string value;              // of an option: "LINE"; empty if it takes none
    std::string text;               // without line breaks
    int lines = 0;
};

struct HelpPage {
    std::vector<std::string> lines;
    std::map<std::string, std::vector<HelpEntry>> sections; // "Commands", "Arguments", "Options"

    [[nodiscard]] std::vector<std::string> names_in(const std::string &section) const;
    [[nodiscard]] bool takes_many_arguments() const;
};

HelpPage parse_help(const std::string &text);
HelpPage help_of(Sandbox &sandbox, const std::string &command); // "": of krunctl itself
std::vector<std::string> all_commands(Sandbox &sandbox);

} // namespace krun
