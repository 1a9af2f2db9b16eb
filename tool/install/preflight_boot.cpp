// SPDX-License-Identifier: MIT
// Checks of the boot loader and the firmware; see preflight.hpp.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

#include "install/preflight.hpp"
#include "util/text.hpp"

namespace krun
{

std::string kernel_to_keep(const Target &target, const InstallState &state)
{
    const auto menu = target.menu();
    if (!menu)
        return {};
    if (!state.kernels.empty() && target.can_boot(*menu, state.default_release()))
        return state.default_release();
    const auto environment = target.grub_environment();
    const auto *entry = menu->default_entry(environment.value_or(GrubEnvironment{}));
    if (entry != nullptr && !entry->recovery && target.can_boot(*menu, entry->release))
        return entry->release;
    if (target.can_boot(*menu, target.running_release))
        return target.running_release;
    return {};
}

namespace preflight_parts
{
namespace
{

constexpr const char *by_hand =
    "install the package with dpkg and choose the kernel in the boot menu: krunctl cannot recover the machine then";

// As systemd-boot and others tell which boot loader has started the machine, in UTF-16.
constexpr const char *loader_info = "/sys/firmware/efi/efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
constexpr const char *secure_boot_variable =
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

bool started_by_systemd_boot(const Target &target)
{
    auto &files = target.files;
    const auto &layout = target.layout;
    if (files.exists(layout.at(loader_info))) {
        auto loader = files.read(layout.at(loader_info)).value_or("");
        std::erase(loader, '\0');
        return loader.find("systemd-boot") != std::string::npos;
    }
    return !files.exists(layout.grub_config()) && (files.exists(layout.at("/boot/efi/loader/loader.conf")) ||
                                                   files.exists(layout.at("/boot/loader/loader.conf")));
}

Result<std::string> probe(const Target &target, const std::string &what)
{
    const auto result = TRY(target.runner.run(
        {.argv = {"grub-probe", "--target=" + what, target.layout.grub_environment().parent_path().string()},
         .asks = true}));
    return result.ok() ? trim(result.output) : Result<std::string>(failure(trim(result.errors)));
}

bool sets_default(const std::string &text)
{
    return std::ranges::any_of(lines_of(text), [](const std::string &line) {
        const auto words = trim(line);
        return trim(words.substr(words.starts_with("export ") ? 7 : 0)).starts_with("GRUB_DEFAULT=");
    });
}

CheckResult root(const PreflightSubject &subject)
{
    return subject.target.is_root ? pass("yes") : lacks("not root", "run it with sudo");
}

CheckResult grub(const PreflightSubject &subject)
{
    auto &target = subject.target;
    if (started_by_systemd_boot(target))
        return lacks("it starts with systemd-boot", by_hand);
    if (!target.files.exists(target.layout.grub_config()))
        return lacks(fmt::format("there is no {}", target.layout.grub_config().string()), by_hand);
    const auto version = target.runner.run({.argv = {"grub-editenv", "--version"}, .asks = true});
    if (!version || !version->ok() || !target.files.exists(target.layout.at("/usr/sbin/update-grub")))
        return lacks("GRUB's programs are not installed", "sudo apt-get install grub2-common");
    const auto words =
        words_of(version->output.substr(0, version->output.find('\n'))); // "grub-editenv (GRUB) 2.06-13+deb12u2"
    if (words.empty() || numbers_of(words.back()) < std::vector{2UL, 6UL})
        return lacks(trim(version->output), "upgrade to Debian 12 or newer");
    return pass(trim(version->output));
}

// GRUB clears the entry by writing into the file's blocks, which it can do only where they lie plainly on a disk.
CheckResult one_shot(const PreflightSubject &subject)
{
    if (!subject.target.is_root)
        return skip("needs root");
    const auto abstraction = probe(subject.target, "abstraction");
    const auto filesystem = probe(subject.target, "fs");
    if (!abstraction || !filesystem)
        return lacks("grub-probe cannot tell where /boot/grub is: " +
                         (abstraction ? filesystem : abstraction).error().message,
                     by_hand);
    const std::string remedy = fmt::format("the trial boot would repeat forever; give /boot a plain partition "
                                           "with ext4, or {}",
                                           by_hand);
    if (!abstraction->empty())
        return lacks(fmt::format("/boot/grub is on {}, which GRUB cannot write to", *abstraction), remedy);
    const auto writable = {"ext2", "fat", "xfs", "exfat", "ntfs", "jfs", "reiserfs", "f2fs"};
    if (std::ranges::find(writable, *filesystem) == writable.end())
        return lacks(fmt::format("/boot/grub is on {}, which GRUB cannot write to", *filesystem), remedy);
    return pass(*filesystem);
}

CheckResult pending_entry(const PreflightSubject &subject)
{
    const auto environment = subject.target.grub_environment();
    if (!environment)
        return fail("GRUB's environment block cannot be read: " + environment.error().message,
                    fmt::format("recreate it: sudo grub-editenv {0} create",
                                subject.target.layout.grub_environment().string()));
    const auto next = next_entry_of(*environment);
    if (next.empty())
        return pass("none");
    for (const auto &kernel : subject.state.kernels) {
        if (next.find("gnulinux-" + kernel.release + "-") != std::string::npos)
            return warn(
                fmt::format("the trial boot of {} has not happened yet; the new kernel's replaces it", kernel.release),
                {});
    }
    return fail(fmt::format("{} is chosen for the next boot", next),
                fmt::format("reboot first, or cancel it: sudo grub-editenv {} unset next_entry",
                            subject.target.layout.grub_environment().string()));
}

CheckResult default_settings(const PreflightSubject &subject)
{
    auto &target = subject.target;
    const auto folder = target.layout.default_folder();
    const auto ours = target.layout.drop_in().filename().string();
    for (const auto &name : target.files.list(folder).value_or(std::vector<std::string>{})) {
        if (name > ours && name.ends_with(".cfg") && sets_default(target.files.read(folder / name).value_or("")))
            return fail(fmt::format("{} sets GRUB_DEFAULT and is read after our {}", (folder / name).string(), ours),
                        "give it a name that sorts before, such as 50-local.cfg");
    }
    const auto menu = target.menu();
    if (!menu)
        return target.is_root ? fail(menu.error().message, "sudo update-grub") : skip("needs root");
    const auto &setting = menu->default_setting();
    if (setting != "${saved_entry}" && menu->find(setting) == nullptr)
        return warn(fmt::format("the default {} is not in the menu", shell_quoted(setting)),
                    "`krunctl uninstall` restores the setting");
    return pass(fmt::format("the default is {}", shell_quoted(setting)));
}

CheckResult fallback_kernel(const PreflightSubject &subject)
{
    auto &target = subject.target;
    if (!target.menu())
        return target.is_root ? fail("GRUB's menu cannot be read", "sudo update-grub") : skip("needs root");
    const auto kept = kernel_to_keep(target, subject.state);
    if (kept.empty() || kept == subject.packages.release)
        return fail(fmt::format("neither the default nor the running kernel {} is in GRUB's menu with its files",
                                target.running_release),
                    "sudo apt-get install --reinstall linux-image-amd64 && sudo update-grub");
    if (kept != target.running_release)
        return warn(fmt::format("{}, while {} is running", kept, target.running_release),
                    fmt::format("if {} has never booted, reboot first", kept));
    return pass(kept);
}

CheckResult secure_boot(const PreflightSubject &subject)
{
    auto &files = subject.target.files;
    const auto variable = subject.target.layout.at(secure_boot_variable);
    if (!files.exists(variable))
        return pass("none");
    const auto value = files.read(variable); // four bytes of attributes, then the value
    constexpr std::size_t value_at = 4;
    if (!value || value->size() <= value_at)
        return subject.target.is_root ? warn("its state cannot be read", "see `mokutil --sb-state`")
                                      : skip("needs root");
    if ((*value)[value_at] == 0)
        return pass("switched off");
    return fail("it is on, and the kernel is not signed: the firmware would refuse it",
                "turn Secure Boot off in the firmware, or sign the kernel yourself with a key that is "
                "enrolled (sbsign, mokutil)");
}

} // namespace

std::vector<Row> boot_rows()
{
    return {{"root", "root privileges", root},
            {"grub", "the machine starts with GRUB 2.06 or newer", grub},
            {"one-shot", "GRUB can clear an entry for one boot", one_shot},
            {"pending-entry", "no other entry is chosen for the next boot", pending_entry},
            {"default-settings", "nothing overrides our choice of the default", default_settings},
            {"fallback-kernel", "another kernel can boot and stays the default", fallback_kernel},
            {"secure-boot", "Secure Boot lets the kernel start", secure_boot}};
}

} // namespace preflight_parts
} // namespace krun
