// SPDX-License-Identifier: MIT
// What GRUB finds when it looks for an entry; see boot_menu.hpp. The reading of grub.cfg is in boot_menu_parser.cpp.
#include "install/boot_menu.hpp"

#include <algorithm>
#include <charconv>

#include "util/text.hpp"

namespace krun
{
namespace
{

// At each single '>'; two mean one.
std::vector<std::string> steps_of(const std::string &setting)
{
    std::vector<std::string> steps(1);
    for (std::size_t at = 0; at < setting.size(); ++at) {
        if (setting[at] != '>') {
            steps.back() += setting[at];
        } else if (at + 1 < setting.size() && setting[at + 1] == '>') {
            steps.back() += '>';
            ++at;
        } else {
            steps.emplace_back();
        }
    }
    return steps;
}

std::optional<std::size_t> number_of(const std::string &text)
{
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return number;
}

} // namespace

GrubEnvironment parse_grub_environment(const std::string &listing)
{
    GrubEnvironment environment;
    for (const auto &line : lines_of(listing)) {
        if (const auto equals = line.find('='); equals != std::string::npos)
            environment[line.substr(0, equals)] = line.substr(equals + 1);
    }
    return environment;
}

std::string next_entry_of(const GrubEnvironment &environment)
{
    const auto found = environment.find("next_entry");
    return found == environment.end() ? std::string() : found->second;
}

const BootEntry *BootMenu::find(const std::string &setting) const
{
    const std::vector<Node> *level = &nodes_;
    const Node *found = nullptr;
    for (const auto &step : steps_of(setting)) {
        if (level == nullptr)
            return nullptr;
        found = nullptr;
        if (const auto number = number_of(step)) {
            if (*number < level->size())
                found = &(*level)[*number];
        } else {
            for (const auto &node : *level) {
                if (step == node.id || step == node.title) {
                    found = &node;
                    break;
                }
            }
        }
        if (found == nullptr)
            return nullptr;
        level = found->submenu ? &found->children : nullptr;
    }
    if (found == nullptr || (found->submenu && found->children.empty()))
        return nullptr;
    return &entries_[found->entry];
}

const BootEntry *BootMenu::default_entry(const GrubEnvironment &environment) const
{
    auto setting = default_setting_;
    if (setting == "${saved_entry}") {
        const auto saved = environment.find("saved_entry");
        setting = saved == environment.end() ? std::string() : saved->second;
    }
    if (const auto *entry = setting.empty() ? nullptr : find(setting))
        return entry;
    return entries_.empty() ? nullptr : &entries_.front();
}

const BootEntry *BootMenu::entry_of(const std::string &release) const
{
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const BootEntry &entry) {
        return entry.release == release && !entry.recovery && !entry.newest && !entry.id.empty();
    });
    return found == entries_.end() || release.empty() ? nullptr : &*found;
}

std::vector<std::string> BootMenu::releases() const
{
    std::vector<std::string> releases;
    for (const auto &entry : entries_) {
        if (entry_of(entry.release) == &entry)
            releases.push_back(entry.release);
    }
    return releases;
}

} // namespace krun
