// SPDX-License-Identifier: MIT

#include "install/installer.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "install/boot_default.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// On the disk, so that dpkg can finish without the .deb.
bool is_unpacked(const std::string &status)
{
    return status == "unpacked" || status == "half-configured" || status.starts_with("triggers-");
}

Command dpkg(std::vector<std::string> options, const std::vector<std::string> &packages)
{
    options.insert(options.begin(), "dpkg");
    options.insert(options.end(), packages.begin(), packages.end());
    return {.argv = std::move(options), .environment = {{"DEBIAN_FRONTEND", "noninteractive"}}};
}

} // namespace

Result<InstallSession> InstallSession::open(const Env &env, bool dry_run, bool keep_steps)
{
    auto dry = dry_run ? std::make_unique<DryRun>(env, keep_steps) : nullptr;
    const auto target = TRY(system_target(dry ? dry->env() : env));
    const bool changes = target.is_root && !dry_run;
    auto lock = changes ? TRY(FileLock::acquire_alone(target.layout.lock(), "the installed kernels")) : FileLock();
    auto state = TRY(read_state(target.files, target.layout));
    if (changes)
        KeptPackages::remove_abandoned(target, state);
    return InstallSession{std::move(dry), target, std::move(state), std::move(lock)};
}

Result<void> InstallSession::expect_root() const
{
    if (target.is_root)
        return {};
    return host_lacks("this changes the machine, and you are not root", "run it with sudo");
}

Result<void> InstallSession::expect_nothing_unfinished() const
{
    if (!state.operation)
        return {};
    return refusal(unfinished_text(state),
                   "finish it with `krunctl install --continue`, or roll it back with `krunctl install --undo`");
}

Result<void> Installer::step(const std::string &words)
{
    if (stop_())
        return interrupted();
    tell(words);
    return {};
}

void Installer::tell(const std::string &words)
{
    if (!target_.dry_run())
        tell_(words);
}

Result<void> Installer::save()
{
    const auto &layout = target_.layout;
    if (target_.dry_run()) {
        const auto &operation = state_.operation;
        target_.shown->note(fmt::format(
            "{} {}{}", state_.empty() ? "remove" : "write", shell_quoted(layout.state().string()),
            operation ? fmt::format(" ({} of {} begun)", word_for(operation->kind), operation->release) : ""));
        return {};
    }
    if (state_.empty())
        return target_.files.remove_all(layout.state_folder());
    TRY(target_.files.make_directories(layout.state_folder()));
    return target_.files.write_durably(layout.state(), state_text(state_), 0644);
}

Result<void> Installer::begin_install(const KernelPackages &packages, const std::string &fallback)
{
    InstalledKernel kernel;
    kernel.release = packages.release;
    for (const auto &package : packages.kernel)
        kernel.packages.push_back({package.name, package.version});
    Operation operation{Operation::Kind::install, packages.release, {}};
    for (const auto &package : packages.all())
        operation.debs.push_back(package.deb);
    for (const auto &package : packages.shared) {
        const auto status = TRY(target_.package_status(package.name));
        if (status == "not-installed" || status == "config-files")
            kernel.shared_packages.push_back({package.name, package.version});
    }
    if (state_.kernels.empty())
        state_.fallback = fallback;
    state_.kernels.push_back(std::move(kernel));
    state_.operation = std::move(operation);
    return save();
}

Result<void> Installer::go_on_installing()
{
    const auto operation = *state_.operation;
    const auto &release = operation.release;
    const auto pinned = state_.default_release(release);
    TRY(step(fmt::format("keeping {} as the default", pinned)));
    TRY(pin_default(target_, pinned));
    TRY(step(fmt::format("installing {}", release)));
    TRY(install_packages(*state_.find(release), operation));
    TRY(step("checking what was installed"));
    TRY(verify_installed(release, pinned));
    // A trial boot that is already running needs no second one.
    if (target_.running_release != release) {
        TRY(step(fmt::format("choosing {} for the next boot only", release)));
        TRY(boot_once(target_, release));
    }
    TRY(target_.files.remove_all(target_.layout.kept_packages()));
    state_.find(release)->state = KernelState::trial;
    state_.operation.reset();
    return save();
}

Result<void> Installer::install_packages(const InstalledKernel &kernel, const Operation &operation)
{
    std::vector<std::string> unpacked;
    bool all_unpacked = !target_.dry_run();
    for (const auto &package : kernel.all_packages()) {
        std::string version;
        const auto status = TRY(target_.package_status(package.name, &version));
        if (is_unpacked(status))
            unpacked.push_back(package.name);
        all_unpacked = all_unpacked && version == package.version && (status == "installed" || is_unpacked(status));
    }
    if (all_unpacked)
        return unpacked.empty() ? Result<void>() : target_.change(dpkg({"--configure"}, unpacked));
    std::vector<std::string> debs;
    for (const auto &deb : operation.debs) {
        if (!target_.dry_run())
            TRY(expect_kept(target_, deb));
        debs.push_back(deb.string());
    }
    return target_.change(dpkg({"--install"}, debs));
}

Result<void> Installer::verify_installed(const std::string &release, const std::string &fallback)
{
    if (target_.dry_run())
        return {};
    auto menu = TRY(target_.menu());
    if (menu.entry_of(release) == nullptr) { // where no hook of the packages ran update-grub
        TRY(target_.change({.argv = {"update-grub"}}));
        menu = TRY(target_.menu());
    }
    if (!target_.files.exists(target_.layout.kernel(release)))
        return failure(fmt::format("the package did not install {}", target_.layout.kernel(release).string()));
    const auto *entry = menu.entry_of(release);
    if (entry == nullptr)
        return failure(fmt::format("GRUB's menu has no entry for the kernel {}", release));
    // Where the old kernel needs an initrd, the new one will, too.
    const auto *old = menu.entry_of(fallback);
    if (old != nullptr && !old->initrd.empty() && target_.can_use_initrd(release) &&
        (entry->initrd.empty() || target_.files.size_of(target_.layout.boot() / entry->initrd) == 0))
        return failure(fmt::format("no initrd was made for the kernel {}", release),
                       "is initramfs-tools installed? The log has its output");
    const auto *booted = menu.default_entry({});
    if (booted == nullptr || booted->release != fallback)
        return failure(fmt::format("GRUB's default is no longer the kernel {}", fallback));
    return {};
}

Result<void> Installer::promote(const std::string &release)
{
    if (!state_.operation) {
        state_.operation = Operation{Operation::Kind::promote, release, {}};
        TRY(save());
    }
    TRY(step(fmt::format("making {} the default", release)));
    TRY(pin_default(target_, release));
    auto *kernel = state_.find(release);
    kernel->promoted = state_.last_promotion() + 1;
    kernel->state = KernelState::promoted;
    state_.operation.reset();
    return save();
}

Result<void> Installer::undo_promotion()
{
    const auto before = state_.default_release(state_.operation->release);
    tell(fmt::format("keeping {} as the default", before));
    TRY(pin_default(target_, before));
    state_.operation.reset();
    return save();
}

Result<std::vector<std::string>> Installer::known_to_dpkg(const std::vector<InstalledPackage> &packages)
{
    std::vector<std::string> known;
    for (const auto &package : packages) {
        if (TRY(target_.package_status(package.name)) != "not-installed")
            known.push_back(package.name);
    }
    return known;
}

Result<void> Installer::purge(const std::vector<InstalledPackage> &packages)
{
    const auto known = TRY(known_to_dpkg(packages));
    // dpkg refuses to remove a half-unpacked package, unless forced.
    return known.empty() ? Result<void>() : target_.change(dpkg({"--purge", "--force-remove-reinstreq"}, known));
}

// What the packages' scripts created, and left behind when they were cut off.
Result<void> Installer::remove_files_of(const std::string &release)
{
    const auto &layout = target_.layout;
    const auto initrd = layout.initrd(release).string();
    const std::vector<std::filesystem::path> leftovers = {layout.modules(release),
                                                          layout.at("/var/lib/initramfs-tools/" + release), initrd,
                                                          initrd + ".new", initrd + ".dpkg-bak"};
    for (const auto &path : leftovers)
        TRY(target_.files.remove_all(path));
    return {};
}

// The kernel to boot when this one is gone: what the state says, or the newest other one that can boot.
Result<std::string> Installer::default_without(const std::string &release)
{
    const auto wanted = state_.default_release(release);
    const auto menu = target_.menu();
    if (!menu && target_.dry_run())
        return wanted;
    if (!menu)
        return tl::unexpected(menu.error());
    if (wanted != release && target_.can_boot(*menu, wanted))
        return wanted;
    for (const auto &other : menu->releases()) {
        const auto *krun = state_.find(other);
        const bool proven = krun == nullptr || krun->state == KernelState::promoted;
        if (other != release && proven && target_.can_boot(*menu, other))
            return other;
    }
    return refusal(fmt::format("{} is the only kernel that this machine can boot", release),
                   "install another one first: sudo apt-get install linux-image-amd64");
}

Result<Removal> Installer::uninstall(const std::string &release)
{
    const auto packages = state_.find(release)->packages;
    // Where dpkg knows nothing of it any more (or yet), the default cannot be this kernel.
    std::string next_default;
    if (!TRY(known_to_dpkg(packages)).empty())
        next_default = TRY(default_without(release));

    // Where the journal already says that this kernel is half there, it need not be said again: an installation that
    // has filled the disk is taken back all the same.
    const bool half_there =
        state_.operation && state_.operation->release == release && state_.operation->kind != Operation::Kind::promote;
    state_.operation = Operation{Operation::Kind::uninstall, release, {}};
    if (auto saved = save(); !saved && !half_there)
        return tl::unexpected(saved.error());
    TRY(do_not_boot_once(target_, release));
    if (!next_default.empty()) {
        tell(fmt::format("making {} the default", next_default));
        TRY(pin_default(target_, next_default));
    }
    if (target_.running_release == release) {
        state_.find(release)->state = KernelState::removing;
        state_.operation.reset();
        TRY(target_.files.remove_all(target_.layout.kept_packages()));
        TRY(save());
        return Removal::pending_reboot;
    }
    tell(fmt::format("removing {}", release));
    TRY(purge(packages));
    TRY(remove_files_of(release));
    TRY(finish_removal(release));
    return Removal::done;
}

Result<void> Installer::finish_removal(const std::string &release)
{
    const auto kernel = *state_.find(release);
    const bool last = state_.kernels.size() == 1;
    // What an installation added is removed when it is rolled back, otherwise with the last kernel.
    const bool with_shared = last || kernel.state == KernelState::installing;
    if (with_shared)
        TRY(purge(kernel.shared_packages));
    if (last) {
        tell("restoring the boot settings");
        TRY(unpin_default(target_));
    }
    std::erase_if(state_.kernels, [&](const InstalledKernel &other) { return other.release == release; });
    if (last)
        state_.fallback.clear();
    else if (!with_shared)
        state_.kernels.front().shared_packages.insert(state_.kernels.front().shared_packages.end(),
                                                      kernel.shared_packages.begin(), kernel.shared_packages.end());
    state_.operation.reset();
    TRY(target_.files.remove_all(target_.layout.kept_packages()));
    TRY(target_.change({.argv = {"sync"}}));
    return save();
}

Result<std::string> Installer::finish(bool undo)
{
    const auto [kind, release, debs] = *state_.operation;
    if (kind == Operation::Kind::promote) {
        TRY(undo ? undo_promotion() : promote(release));
        return std::string(undo ? "trial" : "promoted");
    }
    if (kind == Operation::Kind::install && !undo) {
        TRY(go_on_installing());
        return std::string("trial");
    }
    // A removal can only go forward: what the packages have already lost is unknown.
    return std::string(TRY(uninstall(release)) == Removal::done ? "removed" : "pending-reboot");
}

// For people; empty if nothing.
std::string Installer::remains_of(const std::string &release)
{
    std::vector<std::string> remains;
    if (const auto *kernel = state_.find(release)) {
        for (const auto &name : known_to_dpkg(kernel->all_packages()).value_or(std::vector<std::string>{}))
            remains.push_back("the package " + name);
    }
    const auto &layout = target_.layout;
    for (const auto &path : {layout.kernel(release), layout.initrd(release), layout.modules(release), layout.drop_in(),
                             layout.script(), layout.apt_drop_in()}) {
        if (target_.files.exists(path))
            remains.push_back(path.string());
    }
    return fmt::format("{}", fmt::join(remains, ", "));
}

Error Installer::with_remains(const std::string &release, Error why)
{
    if (why.log.empty())
        why.log = target_.log.string();
    if (why.code == ExitCode::answer_is_no)
        return why;
    if (const auto remains = remains_of(release); !remains.empty())
        why.message += fmt::format("; left are {}", remains);
    why.hint = (why.hint.empty() ? "fix what the log reports" : why.hint) +
               ", then run `krunctl uninstall` again; until then the default kernel does not change";
    return why;
}

Error Installer::take_back(const std::string &release, Error why)
{
    why.log = target_.log.string();
    const auto undone = uninstall(release);
    if (!undone) {
        auto second = with_remains(release, undone.error());
        second.code = ExitCode::failure;
        second.message = fmt::format("{}; rolling it back also failed: {}", why.message, second.message);
        return second;
    }
    if (*undone == Removal::pending_reboot) {
        why.message += "; the kernel is running, so it can only be removed after a reboot";
        why.hint = "reboot, then run `krunctl uninstall`";
        return why;
    }
    why.message += "; the machine is as it was before";
    return why;
}

} // namespace krun
