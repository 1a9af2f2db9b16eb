// SPDX-License-Identifier: MIT
// See boot_default.hpp.
#include "install/boot_default.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace krun
{
namespace
{

constexpr unsigned file_mode = 0644;
constexpr unsigned script_mode = 0755;

// The words are for the kernel, and panic= for initramfs-tools too.
constexpr const char *trial_words = "panic=30 oops=panic krun.trial=1";

std::string same_file(Filesystem &files, const std::filesystem::path &path)
{
    return files.exists(path) ? files.read(path).value_or(std::string()) : std::string();
}

// Only for --dry-run, where the kernel has no entry yet: as grub-mkconfig names it, after another one.
std::string expected_id(const BootMenu &menu, const std::string &release)
{
    for (const auto &known : menu.releases()) {
        auto id = menu.entry_of(known)->id;
        if (const auto at = id.rfind("gnulinux-" + known + "-advanced"); at != std::string::npos)
            return id.replace(at + std::string("gnulinux-").size(), known.size(), release);
    }
    return fmt::format("<the entry of {}>", release);
}

} // namespace

std::string drop_in_text(const std::string &entry_id)
{
    return fmt::format(
        "# Written by krunctl: the kernel that boots by default. `krunctl uninstall` removes this file.\n"
        "GRUB_DEFAULT='{}'\n"
        "# Set by GRUB in a one-shot boot, see /etc/grub.d/01_krunctl; the last panic= on the line counts.\n"
        "GRUB_CMDLINE_LINUX_DEFAULT=\"${{GRUB_CMDLINE_LINUX_DEFAULT}} \\$krun_trial\"\n",
        entry_id);
}

std::string grub_script_text()
{
    // Exported, because the entries are in a submenu, which only sees variables that are.
    return fmt::format("#!/bin/sh\n"
                       "# Written by krunctl: in a one-shot boot, a kernel that fails reboots into the default one.\n"
                       "cat << 'EOF'\n"
                       "if [ \"${{boot_once}}\" = true ]; then\n"
                       "  set krun_trial=\"{}\"\n"
                       "  export krun_trial\n"
                       "fi\n"
                       "EOF\n",
                       trial_words);
}

std::string apt_drop_in_text(const std::string &release)
{
    std::string pattern; // a regular expression
    for (const char character : release)
        pattern += std::string("+.").find(character) == std::string::npos ? std::string(1, character)
                                                                          : fmt::format("\\{}", character);
    return fmt::format(
        "// Written by krunctl: the kernel that boots by default. `krunctl uninstall` removes this file.\n"
        "APT::NeverAutoRemove {{ \"^linux-(image|modules)-{}$\"; }};\n",
        pattern);
}

Result<std::string> BootDefault::id_of(const std::string &release)
{
    const auto menu = target_.menu();
    if (!menu) {
        if (changes_.only_shown()) // grub.cfg is root's
            return fmt::format("<the entry of {}>", release);
        return tl::unexpected(menu.error());
    }
    if (const auto *entry = menu->entry_of(release))
        return entry->id;
    if (changes_.only_shown())
        return expected_id(*menu, release);
    return failure(fmt::format("GRUB's menu has no entry for the kernel {}", release),
                   fmt::format("see {} and the output of `update-grub`", target_.layout.grub_config().string()));
}

Result<void> BootDefault::update_grub()
{
    TRY(changes_.run(plain_command({"update-grub"})));
    // grub-mkconfig does not wait for the disk.
    return changes_.run(plain_command({"sync"}));
}

Result<void> BootDefault::verify(const std::string &id, const std::string &release)
{
    const auto menu = TRY(target_.menu());
    const auto *entry = menu.default_entry({});
    if (menu.default_setting() != id || entry == nullptr || entry->release != release || entry->recovery)
        return failure(fmt::format("GRUB's default did not become the kernel {}", release),
                       fmt::format("something else sets GRUB_DEFAULT: look for it in /etc/default/grub.d and {}",
                                   target_.layout.grub_config().string()));
    return {};
}

Result<void> BootDefault::pin(const std::string &release)
{
    const auto id = TRY(id_of(release));
    auto &files = target_.files;
    const bool is_written = same_file(files, target_.layout.drop_in()) == drop_in_text(id) &&
                            same_file(files, target_.layout.script()) == grub_script_text() &&
                            same_file(files, target_.layout.apt_drop_in()) == apt_drop_in_text(release);
    if (is_written && verify(id, release)) // or it was cut off before update-grub
        return {};
    TRY(changes_.write(target_.layout.apt_drop_in(), apt_drop_in_text(release), file_mode));
    TRY(changes_.write(target_.layout.script(), grub_script_text(), script_mode));
    TRY(changes_.write(target_.layout.drop_in(), drop_in_text(id), file_mode));
    TRY(update_grub());
    return changes_.only_shown() ? Result<void>{} : verify(id, release);
}

Result<void> BootDefault::unpin()
{
    const bool is_pinned =
        target_.files.exists(target_.layout.drop_in()) || target_.files.exists(target_.layout.script());
    TRY(changes_.remove(target_.layout.drop_in()));
    TRY(changes_.remove(target_.layout.script()));
    TRY(changes_.remove(target_.layout.apt_drop_in()));
    const auto text = same_file(target_.files, target_.layout.grub_config());
    if (is_pinned || text.find("krun_trial") != std::string::npos)
        return update_grub();
    return {};
}

Result<void> BootDefault::boot_once(const std::string &release)
{
    const auto id = TRY(id_of(release));
    return edit_environment("set", "next_entry=" + id);
}

Result<void> BootDefault::edit_environment(const std::string &action, const std::string &variable)
{
    const auto file = target_.layout.grub_environment();
    const auto copy = target_.layout.new_grub_environment();
    if (target_.files.exists(file))
        TRY(changes_.copy(file, copy));
    TRY(changes_.run(plain_command({"grub-editenv", copy.string(), action, variable})));
    // The kernel and its initrd are on the disk, too, before anything points at them.
    TRY(changes_.run(plain_command({"sync"})));
    TRY(changes_.rename(copy, file));
    return changes_.run(plain_command({"sync"}));
}

Result<void> BootDefault::not_once(const std::string &release)
{
    TRY(changes_.remove(target_.layout.new_grub_environment()));
    // What grub-editenv cannot read, GRUB cannot either: it holds no entry.
    const auto environment = target_.grub_environment();
    if (!environment || environment->count("next_entry") == 0)
        return {};
    const auto next = next_entry_of(*environment);
    // The id, not the menu, as the entry may be gone from the menu.
    if (!next.empty() && next.find("gnulinux-" + release + "-") == std::string::npos)
        return {};
    return edit_environment("unset", "next_entry");
}

} // namespace krun
