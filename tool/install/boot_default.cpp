// SPDX-License-Identifier: MIT
// See boot_default.hpp.
#include "install/boot_default.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace krun
{
namespace
{

// The words are for the kernel, and panic= for initramfs-tools too. The variable is exported, because the entries are
// in a submenu, which only sees variables that are.
constexpr const char *grub_script =
    "#!/bin/sh\n"
    "# Written by krunctl: in a one-shot boot, a kernel that fails reboots into the default one.\n"
    "cat << 'EOF'\n"
    "if [ \"${boot_once}\" = true ]; then\n"
    "  set krun_trial=\"panic=30 oops=panic krun.trial=1\"\n"
    "  export krun_trial\n"
    "fi\n"
    "EOF\n";

// The files of ours that pin a kernel.
struct Setting {
    std::filesystem::path path;
    std::string text;
    unsigned mode = 0644;
};

std::vector<Setting> settings(const SystemLayout &layout, const std::string &id, const std::string &release)
{
    return {{layout.apt_drop_in(), apt_drop_in_text(release)},
            {layout.script(), grub_script, 0755},
            {layout.drop_in(), drop_in_text(id)}};
}

// In a dry run, the kernel may have no entry yet, and grub.cfg is root's: as grub-mkconfig names it, after another one.
std::string expected_id(const Result<BootMenu> &menu, const std::string &release)
{
    for (const auto &known : menu ? menu->releases() : std::vector<std::string>()) {
        auto id = menu->entry_of(known)->id;
        if (const auto at = id.rfind("gnulinux-" + known + "-advanced"); at != std::string::npos)
            return id.replace(at + std::string("gnulinux-").size(), known.size(), release);
    }
    return fmt::format("<the entry of {}>", release);
}

Result<std::string> id_of(const Target &target, const std::string &release)
{
    const auto menu = target.menu();
    if (const auto *entry = menu ? menu->entry_of(release) : nullptr)
        return entry->id;
    if (target.dry_run())
        return expected_id(menu, release);
    if (!menu)
        return tl::unexpected(menu.error());
    return failure(fmt::format("GRUB's menu has no entry for the kernel {}", release),
                   fmt::format("see {} and the output of `update-grub`", target.layout.grub_config().string()));
}

Result<void> update_grub(const Target &target)
{
    TRY(target.change({.argv = {"update-grub"}}));
    // grub-mkconfig does not wait for the disk.
    return target.change({.argv = {"sync"}});
}

Result<void> expect_default(const Target &target, const std::string &id, const std::string &release)
{
    const auto menu = TRY(target.menu());
    const auto *entry = menu.default_entry({});
    if (menu.default_setting() != id || entry == nullptr || entry->release != release || entry->recovery)
        return failure(fmt::format("GRUB's default did not become the kernel {}", release),
                       fmt::format("something else sets GRUB_DEFAULT: look for it in /etc/default/grub.d and {}",
                                   target.layout.grub_config().string()));
    return {};
}

Result<void> edit_environment(const Target &target, const std::string &action, const std::string &variable)
{
    const auto file = target.layout.grub_environment();
    const auto copy = target.layout.new_grub_environment();
    if (target.files.exists(file))
        TRY(target.files.copy_file(file, copy));
    TRY(target.change({.argv = {"grub-editenv", copy.string(), action, variable}}));
    // The kernel and its initrd are on the disk, too, before anything points at them.
    TRY(target.change({.argv = {"sync"}}));
    TRY(target.files.rename(copy, file));
    return target.change({.argv = {"sync"}});
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

Result<void> pin_default(const Target &target, const std::string &release)
{
    auto &files = target.files;
    const auto id = TRY(id_of(target, release));
    const auto ours = settings(target.layout, id, release);
    const bool is_written = std::all_of(
        ours.begin(), ours.end(), [&](const Setting &setting) { return files.read(setting.path) == setting.text; });
    if (is_written && expect_default(target, id, release)) // or it was cut off before update-grub
        return {};
    for (const auto &[path, text, mode] : ours) {
        TRY(files.make_directories(path.parent_path()));
        TRY(files.write_durably(path, text, mode));
    }
    TRY(update_grub(target));
    return target.dry_run() ? Result<void>{} : expect_default(target, id, release);
}

Result<void> unpin_default(const Target &target)
{
    auto &files = target.files;
    const auto &layout = target.layout;
    const bool is_pinned = files.exists(layout.drop_in()) || files.exists(layout.script());
    for (const auto &path : {layout.drop_in(), layout.script(), layout.apt_drop_in()})
        TRY(files.remove_all(path));
    if (is_pinned || files.read(layout.grub_config()).value_or("").find("krun_trial") != std::string::npos)
        return update_grub(target);
    return {};
}

Result<void> boot_once(const Target &target, const std::string &release)
{
    return edit_environment(target, "set", "next_entry=" + TRY(id_of(target, release)));
}

Result<void> do_not_boot_once(const Target &target, const std::string &release)
{
    TRY(target.files.remove_all(target.layout.new_grub_environment()));
    // What grub-editenv cannot read, GRUB cannot either: it holds no entry.
    const auto environment = target.grub_environment();
    if (!environment || environment->count("next_entry") == 0)
        return {};
    const auto next = next_entry_of(*environment);
    // The id, not the menu, as the entry may be gone from the menu.
    if (!next.empty() && next.find("gnulinux-" + release + "-") == std::string::npos)
        return {};
    return edit_environment(target, "unset", "next_entry");
}

} // namespace krun
