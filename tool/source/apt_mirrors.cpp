// SPDX-License-Identifier: MIT
// Which Debian mirrors this machine uses; see apt_mirrors.hpp.
#include "source/apt_mirrors.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::string_view no_mirror_hint =
    "this needs a Debian system whose apt knows a Debian mirror: run `apt-get update` as root, then try again";

bool has_prefix_ignoring_case(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [](unsigned char left, unsigned char right) {
               return std::tolower(left) == std::tolower(right);
           });
}

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
