// SPDX-License-Identifier: MIT

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

// Reads the menu in grub.cfg. It is a script that only GRUB can run; but grub-mkconfig writes menuentry,
// submenu, linux and initrd each on a line of its own, and opens and closes blocks at the ends of lines.

namespace
{

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
    return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : std::string();
}

} // namespace

class BootMenuParser
{
  public:
    BootMenu parse(const std::string &text)
    {
        for (const auto &line : lines_of(text)) {
            const auto words = script_words(line);
            if (!words.empty() && words.front().front() != '#')
                take(words);
        }
        return std::move(menu_);
    }

  private:
    void take(const std::vector<std::string> &words)
    {
        const auto &first = words.front();
        if (first == "}") {
            close();
        } else if ((first == "menuentry" || first == "submenu") && words.size() > 1 && words.back() == "{") {
            open_node(words);
        } else if (words.back() == "{") {
            blocks_.push_back(Block::other);
        } else if (first == "set" && words.size() > 1 && words[1].rfind("default=", 0) == 0 && blocks_.empty()) {
            take_default(words[1].substr(8));
        } else if (entry_ != nullptr && words.size() > 1 && first.rfind("linux", 0) == 0) {
            entry_->release = release_of(words[1]);
        } else if (entry_ != nullptr && words.size() > 1 && first.rfind("initrd", 0) == 0) {
            entry_->initrd = file_name(words.back()); // early ones with microcode stand before it
        }
    }

    void take_default(const std::string &setting)
    {
        if (setting != "${next_entry}" && menu_.entries_.empty())
            menu_.default_setting_ = setting;
    }

    void open_node(const std::vector<std::string> &words)
    {
        BootMenu::Node node;
        node.title = words[1];
        for (std::size_t at = 2; at + 1 < words.size(); ++at) {
            if (words[at] == "$menuentry_id_option" || words[at] == "--id")
                node.id = words[at + 1];
            else if (words[at].rfind("--id=", 0) == 0)
                node.id = words[at].substr(5);
        }
        node.submenu = words.front() == "submenu";
        node.entry = menu_.entries_.size();
        blocks_.push_back(node.submenu ? Block::submenu : Block::entry);
        if (node.submenu) {
            level().push_back(node);
            path_.push_back(level().size() - 1);
            return;
        }
        menu_.entries_.push_back(entry_for(node));
        level().push_back(std::move(node));
        entry_ = &menu_.entries_.back();
    }

    BootEntry entry_for(const BootMenu::Node &node)
    {
        BootEntry entry;
        entry.title = node.title;
        entry.id = node.id;
        const auto *around = &menu_.nodes_;
        std::string prefix;
        for (const auto at : path_) {
            const auto &submenu = (*around)[at];
            if (submenu.id.empty())
                entry.id.clear();
            prefix += submenu.id + ">";
            around = &submenu.children;
        }
        if (!entry.id.empty())
            entry.id = prefix + entry.id;
        entry.recovery = node.id.find("-recovery-") != std::string::npos;
        entry.newest = node.id.find("-simple-") != std::string::npos;
        return entry;
    }

    void close()
    {
        if (blocks_.empty())
            return;
        if (blocks_.back() == Block::submenu)
            path_.pop_back();
        if (blocks_.back() == Block::entry)
            entry_ = nullptr;
        blocks_.pop_back();
    }

    std::vector<BootMenu::Node> &level()
    {
        auto *nodes = &menu_.nodes_;
        for (const auto at : path_)
            nodes = &(*nodes)[at].children;
        return *nodes;
    }

    enum class Block { entry, submenu, other };
    BootMenu menu_;
    std::vector<Block> blocks_;
    std::vector<std::size_t> path_; // the submenus that are open
    BootEntry *entry_ = nullptr;    // the one that is open
};

BootMenu BootMenu::parse(const std::string &grub_config) { return BootMenuParser().parse(grub_config); }

} // namespace krun
