// SPDX-License-Identifier: MIT
// A program's environment; see child_environment.hpp.
#include "util/child_environment.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <unistd.h>

namespace krun
{
namespace
{

// Make standard programs read or write something else than their arguments say, whatever their name.
constexpr std::array<std::string_view, 16> habit_variables{"POSIXLY_CORRECT",
                                                           "BASH_ENV",
                                                           "ENV",
                                                           "CDPATH",
                                                           "GREP_OPTIONS",
                                                           "GREP_COLORS",
                                                           "TAR_OPTIONS",
                                                           "XZ_OPT",
                                                           "XZ_DEFAULTS",
                                                           "GZIP",
                                                           "ZSTD_CLEVEL",
                                                           "PATCH_GET",
                                                           "VERSION_CONTROL",
                                                           "PATCH_VERSION_CONTROL",
                                                           "SIMPLE_BACKUP_SUFFIX",
                                                           "LANGUAGE"};

bool matches(std::string_view name, std::string_view pattern)
{
    if (pattern.ends_with('*'))
        return name.starts_with(pattern.substr(0, pattern.size() - 1));
    return name == pattern;
}

bool is_inherited(const Command &command, std::string_view name, const std::string &value)
{
    if (std::none_of(command.inherits.begin(), command.inherits.end(),
                     [&](const std::string &pattern) { return matches(name, pattern); }))
        return false;
    if (name == "TMPDIR")
        return value.starts_with('/') && access(value.c_str(), W_OK | X_OK) == 0;
    return command.terminal || std::find(habit_variables.begin(), habit_variables.end(), name) == habit_variables.end();
}

} // namespace

std::vector<std::string> variables_for_builds()
{
    return {"PATH",         "HOME",      "USER",  "LOGNAME",  "SHELL",    "TERM",       "TERMINFO*",       "COLUMNS",
            "LINES",        "TMPDIR",    "XDG_*", "CCACHE_*", "DISTCC_*", "LD_PRELOAD", "LD_LIBRARY_PATH", "FAKE*",
            "MENUCONFIG_*", "NCURSES_*", "LC_*",  "LANG",     "KRUN_*"};
}

std::vector<std::string> variables_for_git()
{
    return {"PATH", "HOME", "USER", "LOGNAME", "XDG_*", "TMPDIR", "LD_PRELOAD", "LD_LIBRARY_PATH", "SUDO_UID",
            // where the person's settings are, as with HOME
            "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"};
}

std::vector<std::string> environment_for(const Command &command)
{
    auto added = command.environment;
    if (!command.terminal)
        added.insert({"LC_ALL", "C"});
    std::vector<std::string> all;
    for (char **entry = environ; *entry != nullptr; ++entry) {
        const std::string variable = *entry;
        const auto name = variable.substr(0, variable.find('='));
        if (added.count(name) == 0 &&
            is_inherited(command, name, variable.substr(std::min(name.size() + 1, variable.size()))))
            all.push_back(variable);
    }
    for (const auto &[name, value] : added)
        all.push_back(fmt::format("{}={}", name, value));
    return all;
}

} // namespace krun
