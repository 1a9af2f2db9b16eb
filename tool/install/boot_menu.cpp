// SPDX-License-Identifier: MIT

#include "install/boot_menu.hpp"

#include <algorithm>
#include <utility>

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

// The words of a line of GRUB script, without their quotes: 'it'\''s' is one word.
std::vector<std::string> script_words(const std::string &line)
{
    std::vector<std::string> words;
    std::string word;
    bool inside = false;
    char quote = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char c = line[at];
        if (quote != 0 && c == quote) {
            quote = 0;
        } else if (quote == 0 && (c == '\'' || c == '"')) {
            quote = c;
            inside = true;
        } else if (quote == 0 && c == '\\' && at + 1 < line.size()) {
            word += line[++at];
            inside = true;
        } else if (quote == 0 && (c == ' ' || c == '\t')) {
            if (inside)
                words.push_back(word);
            word.clear();
            inside = false;
        } else {
            word += c;
            inside = true;
        }
    }
    if (inside)
        words.push_back(word);
    return words;
}

std::string file_name(const std::string &path) { return path.substr(path.rfind('/') + 1); }

// "(hd0,msdos1)/boot/vmlinuz-6.1.0-41-amd64" -> "6.1.0-41-amd64"
std::string release_of(const std::string &kernel)
{
    const auto name = file_name(kernel);
    const std::string prefix = "vmlinuz-";
    return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string();
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
    std::optional<std::size_t> found;
    for (const auto &step : steps_of(setting)) {
        if (found && !nodes_[*found].submenu)
            return nullptr;
        const auto number = whole_number<std::size_t>(step);
        const auto around = std::exchange(found, std::nullopt);
        std::size_t position = 0;
        for (std::size_t at = 0; at < nodes_.size() && !found; ++at) {
            const auto &node = nodes_[at];
            if (node.around != around)
                continue;
            if (number ? *number == position : step == node.id || step == node.title)
                found = at;
            ++position;
        }
        if (!found)
            return nullptr;
    }
    const bool is_empty = nodes_[*found].submenu && std::ranges::find(nodes_, found, &Node::around) == nodes_.end();
    return is_empty ? nullptr : &entries_[nodes_[*found].entry];
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

void BootMenu::add_node(const std::vector<std::string> &words, std::optional<std::size_t> around)
{
    Node node{around, words.front() == "submenu", {}, {}, words[1], entries_.size()};
    for (std::size_t at = 2; at + 1 < words.size(); ++at) {
        if (words[at] == "$menuentry_id_option" || words[at] == "--id")
            node.id = words[at + 1];
        else if (words[at].starts_with("--id="))
            node.id = words[at].substr(5);
    }
    const bool has_path = !node.id.empty() && (!around || !nodes_[*around].path.empty());
    if (has_path)
        node.path = around ? nodes_[*around].path + ">" + node.id : node.id;
    if (!node.submenu)
        entries_.push_back({node.path,
                            node.title,
                            {},
                            {},
                            node.id.find("-recovery-") != std::string::npos,
                            node.id.find("-simple-") != std::string::npos});
    nodes_.push_back(std::move(node));
}

// grub.cfg is a script that only GRUB can run; but grub-mkconfig writes menuentry, submenu, linux and initrd each on a
// line of its own, and opens and closes blocks at the ends of lines.
BootMenu BootMenu::parse(const std::string &grub_config)
{
    BootMenu menu;
    // Of the blocks that are open: the innermost node there.
    std::vector<std::optional<std::size_t>> blocks;
    for (const auto &line : lines_of(grub_config)) {
        const auto words = script_words(line);
        if (words.empty() || words.front().starts_with('#'))
            continue;
        const auto &first = words.front();
        const auto node = blocks.empty() ? std::nullopt : blocks.back();
        const bool in_entry = node && !menu.nodes_[*node].submenu;
        if (first == "}") {
            if (!blocks.empty())
                blocks.pop_back();
        } else if ((first == "menuentry" || first == "submenu") && words.size() > 1 && words.back() == "{") {
            blocks.emplace_back(menu.nodes_.size());
            menu.add_node(words, node);
        } else if (words.back() == "{") {
            blocks.push_back(node);
        } else if (first == "set" && words.size() > 1 && words[1].starts_with("default=") && blocks.empty()) {
            if (words[1] != "default=${next_entry}" && menu.entries_.empty())
                menu.default_setting_ = words[1].substr(8);
        } else if (in_entry && words.size() > 1 && first.starts_with("linux")) {
            menu.entries_.back().release = release_of(words[1]);
        } else if (in_entry && words.size() > 1 && first.starts_with("initrd")) {
            menu.entries_.back().initrd = file_name(words.back()); // early ones with microcode stand before it
        }
    }
    return menu;
}

} // namespace krun
