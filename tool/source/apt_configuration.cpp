// SPDX-License-Identifier: MIT
// See apt_configuration.hpp.
//
// Theory: our apt is another one than the machine's. It reads one file, which APT_CONFIG names, and none of the
// machine's: a folder, a default release, a pin or a hook set there would make it read or change what is not its own.
// What does come along is taken over by name: how the machine reaches its mirrors, and what it trusts.
#include "source/apt_configuration.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <string_view>

#include "util/text.hpp"

namespace krun
{

namespace
{

// As a value in apt's configuration: a quote can only be written as its code, and codes only without quotes.
std::string apt_value(const std::string &text)
{
    std::string value;
    for (const unsigned char character : text) {
        if (std::isalnum(character) != 0 ||
            std::string_view("/._-+").find(static_cast<char>(character)) != std::string::npos)
            value += static_cast<char>(character);
        else
            value += fmt::format("%{:02x}", character);
    }
    return value;
}

bool is_in_section(const std::string &setting, std::string_view section)
{
    return setting.size() > section.size() && setting.compare(section.size(), 2, "::") == 0 &&
           std::equal(section.begin(), section.end(), setting.begin(), [](unsigned char left, unsigned char right) {
               return std::tolower(left) == std::tolower(right);
           });
}

// Proxies and what else belongs to a download, and which signatures are good enough. Not the indexes that somebody
// wants beside the usual ones (apt-file's, say), nor whether the machine asks for translations.
bool is_taken_over(const std::string &setting)
{
    if (is_in_section(setting, "Acquire::IndexTargets") || is_in_section(setting, "Acquire::Languages"))
        return false;
    for (const auto *section : {"Acquire", "APT::Key", "APT::Hashes", "APT::Authentication", "APT::Sandbox"}) {
        if (is_in_section(setting, section))
            return true;
    }
    return false;
}

// Lines of `apt-config dump`: NAME "value";
std::string settings_taken_over(const std::string &dump)
{
    std::string text;
    for (const auto &line : lines_of(dump)) {
        const auto quote = line.find(" \"");
        if (quote == std::string::npos || !line.ends_with("\";") || !is_taken_over(line.substr(0, quote)))
            continue;
        const auto value = line.substr(quote + 2, line.size() - quote - 4);
        if (value.find('"') == std::string::npos) // with one, nobody can tell where it ends
            text += line + "\n";
    }
    return text;
}

// Where the machine keeps the keys that it trusts and its passwords for mirrors. apt-config prints VARIABLE='value'.
constexpr std::array<std::pair<const char *, const char *>, 4> machines_files = {
    {{"trusted", "Dir::Etc::trusted/f"},
     {"trustedparts", "Dir::Etc::trustedparts/d"},
     {"netrc", "Dir::Etc::netrc/f"},
     {"netrcparts", "Dir::Etc::netrcparts/d"}}};

std::string machines_folders(const std::string &shell_output)
{
    std::string text;
    for (const auto &line : lines_of(shell_output)) {
        const auto equals = line.find("='");
        if (equals == std::string::npos || !line.ends_with('\''))
            continue;
        auto value = line.substr(equals + 2, line.size() - equals - 3);
        // A quote in a value is '\'' there, as in any shell.
        for (auto at = value.find("'\\''"); at != std::string::npos; at = value.find("'\\''", at + 1))
            value.replace(at, 4, "'");
        text += fmt::format("Dir::Etc::{} {};\n", line.substr(0, equals), apt_value(value));
    }
    return text;
}

// What the machine's apt says of itself; nothing when it cannot be asked, which its next program will tell about.
Result<std::string> taken_over(ProcessRunner &runner)
{
    Command dump;
    dump.argv = {"apt-config", "dump"};
    dump.asks = true;
    dump.environment["LC_ALL"] = "C";
    const auto settings = TRY(runner.run_ok(dump));
    Command shell;
    shell.argv = {"apt-config", "shell"};
    for (const auto &[name, setting] : machines_files)
        shell.argv.insert(shell.argv.end(), {name, setting});
    shell.asks = true;
    shell.environment["LC_ALL"] = "C";
    const auto folders = TRY(runner.run_ok(shell));
    return settings_taken_over(settings.output) + machines_folders(folders.output);
}

} // namespace

Result<std::string> apt_configuration(ProcessRunner &runner, const std::filesystem::path &folder)
{
    const auto of_the_machine = TRY(taken_over(runner));
    const auto own = apt_value(folder.lexically_normal().string()); // two slashes would begin a comment
    return fmt::format("{1}"
                       // apt reads these two after this file.
                       "Dir::Etc::main \"/dev/null\";\n"
                       "Dir::Etc::parts \"/dev/null\";\n"
                       "Dir::Etc::preferences \"/dev/null\";\n"
                       "Dir::Etc::preferencesparts \"/dev/null\";\n"
                       "Dir::Etc::sourcelist {0}/krun.sources;\n"
                       "Dir::Etc::sourceparts \"/dev/null\";\n"
                       "Dir::State {0}/state;\n"
                       // What is installed here has nothing to do with what is downloaded.
                       "Dir::State::status {0}/state/status;\n"
                       "Dir::Cache {0}/cache;\n"
                       "Acquire::Languages \"none\";\n"
                       "APT::Update::Error-Mode \"any\";\n",
                       own, of_the_machine);
}

} // namespace krun
