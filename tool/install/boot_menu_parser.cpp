// SPDX-License-Identifier: MIT
// Reads the menu in grub.cfg. It is a script that only GRUB can run; but grub-mkconfig writes menuentry,
// submenu, linux and initrd each on a line of its own, and opens and closes blocks at the ends of lines.
#include "install/boot_menu.hpp"

#include "util/text.hpp"

namespace krun
{
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
