// SPDX-License-Identifier: MIT
// A kernel configuration as values by symbol; see config_values.hpp.
#include "build/config_values.hpp"

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::string_view prefix = "CONFIG_";
constexpr std::string_view unset_prefix = "# CONFIG_";
constexpr std::string_view unset_suffix = " is not set";

} // namespace

ConfigValues parse_config(std::string_view text)
{
    ConfigValues values;
    for (const auto &line : lines_of(text)) {
        const auto words = trim(line);
        if (words.starts_with(unset_prefix) && words.ends_with(unset_suffix)) {
            values[words.substr(unset_prefix.size(), words.size() - unset_prefix.size() - unset_suffix.size())] = "n";
        } else if (words.starts_with(prefix)) {
            const auto equals = words.find('=');
            if (equals != std::string::npos)
                values[words.substr(prefix.size(), equals - prefix.size())] = words.substr(equals + 1);
        }
    }
    return values;
}

std::string value_of(const ConfigValues &values, const std::string &symbol)
{
    const auto found = values.find(symbol);
    return found == values.end() ? "n" : found->second;
}

std::string config_line(const std::string &symbol, const std::string &value)
{
    if (value == "n")
        return "# CONFIG_" + symbol + " is not set";
    return "CONFIG_" + symbol + "=" + value;
}

} // namespace krun
