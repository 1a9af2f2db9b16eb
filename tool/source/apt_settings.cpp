// SPDX-License-Identifier: MIT

#include "source/apt_settings.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>

#include "util/text.hpp"

namespace krun
{

// Theory: our apt is another one than the machine's. It reads one file, which APT_CONFIG names, and none of the
// machine's: a folder, a default release, a pin or a hook set there would make it read or change what is not its own.
// What does come along is taken over by name: how the machine reaches its mirrors, and what it trusts.

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

bool has_prefix_ignoring_case(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [](unsigned char left, unsigned char right) {
               return std::tolower(left) == std::tolower(right);
           });
}

bool is_in_section(const std::string &setting, std::string_view section)
{
    return has_prefix_ignoring_case(setting, section) && setting.compare(section.size(), 2, "::") == 0;
}

// Proxies and what else belongs to a download, and which signatures are good enough. Not the indexes that somebody
// wants beside the usual ones (apt-file's, say), nor whether the machine asks for translations.
bool is_taken_over(const std::string &setting)
{
    if (is_in_section(setting, "Acquire::IndexTargets") || is_in_section(setting, "Acquire::Languages"))
        return false;
    constexpr std::array sections = {"Acquire", "APT::Key", "APT::Hashes", "APT::Authentication", "APT::Sandbox"};
    return std::any_of(sections.begin(), sections.end(),
                       [&setting](const char *section) { return is_in_section(setting, section); });
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
    Command command;
    command.asks = true;
    command.argv = {"apt-config", "dump"};
    const auto settings = TRY(runner.run_ok(command));
    command.argv = {"apt-config", "shell"};
    for (const auto &[name, setting] : machines_files)
        command.argv.insert(command.argv.end(), {name, setting});
    const auto folders = TRY(runner.run_ok(command));
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

namespace
{

constexpr std::string_view no_mirror_hint =
    "this needs a Debian system whose apt knows a Debian mirror: run `apt-get update` as root, then try again";

bool decides_about_trust(std::string_view field)
{
    return has_prefix_ignoring_case(field, "Signed-By:") || has_prefix_ignoring_case(field, "Trusted:");
}

bool is_security_suite(std::string_view suite) { return suite.ends_with("-security"); }

// The entry's fields, from stanza `number` of a deb822 file. A block of comments is no stanza to apt.
std::string options_of_stanza(const std::string &text, std::size_t number)
{
    std::string options;
    std::size_t stanza = 0;
    bool inside = false;
    bool wanted_field = false;
    for (const auto &line : lines_of(text)) {
        if (line.starts_with('#'))
            continue;
        if (trim(line).empty()) {
            inside = false;
            continue;
        }
        if (!inside)
            ++stanza;
        inside = true;
        if (line.front() != ' ' && line.front() != '\t') // otherwise it continues the field before it
            wanted_field = decides_about_trust(line);
        if (stanza == number && wanted_field)
            options += line + "\n";
    }
    return options;
}

// "deb [signed-by=/a,/b trusted=yes] uri suite component" in line `number`.
std::string options_of_line(const std::string &text, std::size_t number)
{
    const auto lines = lines_of(text);
    if (number == 0 || number > lines.size())
        return {};
    const auto &line = lines[number - 1];
    const auto begin = line.find('[');
    const auto end = line.find(']');
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        return {};
    std::string options;
    for (const auto &word : words_of(line.substr(begin + 1, end - begin - 1))) {
        if (has_prefix_ignoring_case(word, "signed-by=")) {
            auto keys = word.substr(std::string("signed-by=").size());
            std::replace(keys.begin(), keys.end(), ',', ' ');
            options += "Signed-By: " + keys + "\n";
        } else if (has_prefix_ignoring_case(word, "trusted=")) {
            options += "Trusted: " + word.substr(std::string("trusted=").size()) + "\n";
        }
    }
    return options;
}

// `entry` is "FILE:NUMBER".
std::string options_of_entry(Filesystem &files, const std::string &entry)
{
    const auto colon = entry.rfind(':');
    if (colon == std::string::npos)
        return {};
    const std::filesystem::path path = entry.substr(0, colon);
    const auto number = std::strtoul(entry.c_str() + colon + 1, nullptr, 10);
    // An unreadable file costs the key's name only: apt then falls back to the keys that it trusts for everything.
    const auto text = files.read(path).value_or(std::string());
    return path.extension() == ".sources" ? options_of_stanza(text, number) : options_of_line(text, number);
}

std::string stanza(const AptMirror &mirror, const std::vector<std::string> &suites, const std::string &types)
{
    return fmt::format("Types: {}\nURIs: {}\nSuites: {}\nComponents: main\n{}\n", types, mirror.uri,
                       fmt::join(suites, " "), mirror.options);
}

} // namespace

Result<AptMirrors> find_apt_mirrors(const Env &env)
{
    Command command;
    command.asks = true;
    command.argv = {"apt-get", "indextargets", "--format",
                    "$(CREATED_BY)|$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(SOURCESENTRY)"};
    const auto targets = TRY(env.runner.run_ok(command));
    AptMirrors mirrors;
    for (const auto &line : lines_of(targets.output)) {
        const auto fields = split(line, '|');
        if (fields.size() != 5 || fields[0] != "Packages" || fields[1] != "Debian")
            continue;
        auto &mirror = is_security_suite(fields[2]) ? mirrors.security : mirrors.main;
        if (mirror.uri.empty())
            mirror = {fields[3], options_of_entry(env.files, fields[4])};
    }
    if (mirrors.main.uri.empty() && mirrors.security.uri.empty())
        return host_lacks("apt on this machine has no index of a Debian archive", std::string(no_mirror_hint));
    return mirrors;
}

Result<std::string> sources_for(const AptMirrors &mirrors, const std::vector<std::string> &suites,
                                const std::string &types)
{
    std::vector<std::string> of_main;
    std::vector<std::string> of_security;
    for (const auto &suite : suites)
        (is_security_suite(suite) ? of_security : of_main).push_back(suite);
    std::string text;
    if (!of_main.empty() && !mirrors.main.uri.empty())
        text += stanza(mirrors.main, of_main, types);
    if (!of_security.empty() && !mirrors.security.uri.empty())
        text += stanza(mirrors.security, of_security, types);
    if (text.empty())
        return host_lacks(fmt::format("apt on this machine knows no Debian archive for {}", fmt::join(suites, ", ")),
                          std::string(no_mirror_hint));
    return text;
}

} // namespace krun
