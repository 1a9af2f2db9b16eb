// SPDX-License-Identifier: MIT
// GRUB's menu as grub-mkconfig wrote it: which entry boots which kernel, and which one GRUB takes by itself.
//
// An entry is named to GRUB by its path of ids, "gnulinux-advanced-UUID>gnulinux-6.1.0-41-amd64-advanced-UUID", which
// stays the same while kernels come and go. The entry at the top of the menu ("gnulinux-simple-UUID") and every number
// change their meaning with the newest kernel, so they are read here and never written.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace krun
{

struct BootEntry {
    std::string id; // the path of ids; empty when an entry or a submenu around it has none
    std::string title;
    std::string release; // of its Linux kernel; empty for anything else
    std::string initrd;  // file name without folder, empty when it has none
    bool recovery = false;
    bool newest = false; // the entry at the top, which names another kernel tomorrow
};

// GRUB's environment block: next_entry, saved_entry and what others keep there.
using GrubEnvironment = std::map<std::string, std::string>;
GrubEnvironment parse_grub_environment(const std::string &listing);
// The entry for the next boot only; empty without one.
std::string next_entry_of(const GrubEnvironment &environment);

class BootMenu
{
  public:
    static BootMenu parse(const std::string &grub_config);

    [[nodiscard]] const std::vector<BootEntry> &entries() const { return entries_; }
    // What follows `set default=` without a one-shot entry: an id, a title, a number, or "${saved_entry}".
    [[nodiscard]] const std::string &default_setting() const { return default_setting_; }
    // As GRUB finds it; nothing if GRUB would not.
    [[nodiscard]] const BootEntry *find(const std::string &setting) const;
    // What GRUB boots without a one-shot entry: the default, or the first entry where that does not exist.
    [[nodiscard]] const BootEntry *default_entry(const GrubEnvironment &environment) const;
    // The normal entry of a kernel: never the recovery one, never the one at the top.
    [[nodiscard]] const BootEntry *entry_of(const std::string &release) const;
    // All that have such an entry, in the order of the menu: newest first.
    [[nodiscard]] std::vector<std::string> releases() const;

  private:
    // An entry or a submenu.
    struct Node {
        std::optional<std::size_t> around; // index into nodes_ of the submenu that it is in
        bool submenu = false;
        std::string id;
        std::string path; // of ids; empty when it or a submenu around it has none
        std::string title;
        std::size_t entry = 0; // index into entries_, of a submenu that of its first entry
    };
    void add_node(const std::vector<std::string> &words, std::optional<std::size_t> around);

    std::vector<BootEntry> entries_;
    std::vector<Node> nodes_;
    std::string default_setting_;
};

} // namespace krun
