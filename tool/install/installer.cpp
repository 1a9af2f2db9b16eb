// SPDX-License-Identifier: MIT

#include "install/installer.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "install/kernel_package.hpp"

namespace krun
{
namespace
{

// On the disk, so that dpkg can finish without the .deb.
bool is_unpacked(const std::string &status)
{
    return status == "unpacked" || status == "half-configured" || status.rfind("triggers-", 0) == 0;
}

} // namespace

Installer::Installer(Target &target, Changes &changes, std::function<bool()> stop,
                     std::function<void(std::string)> tell)
    : target_(target), changes_(changes), boot_default_(target, changes), stop_(std::move(stop)), tell_(std::move(tell))
{
}

Result<void> Installer::step(const std::string &words, const std::function<Result<void>()> &work)
{
    if (stop_())
        return interrupted();
    tell_(words);
    return work();
}

Result<void> Installer::begin_install(InstallState &state, const KernelPackages &packages, const std::string &fallback)
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
    if (state.kernels.empty())
        state.fallback = fallback;
    state.kernels.push_back(std::move(kernel));
    state.operation = std::move(operation);
    return changes_.save(state);
}

Result<void> Installer::go_on_installing(InstallState &state)
{
    const auto operation = *state.operation;
    const auto &release = operation.release;
    const auto pinned = state.default_release(release);
    auto result = step(fmt::format("keeping {} as the default", pinned), [&] { return boot_default_.pin(pinned); });
    if (result)
        result = step(fmt::format("installing {}", release),
                      [&] { return install_packages(*state.find(release), operation); });
    if (result)
        result = step("checking what was installed", [&] { return verify_installed(release, pinned); });
    // A trial boot that is already running needs no second one.
    if (result && target_.running_release != release)
        result = step(fmt::format("choosing {} for the next boot only", release),
                      [&] { return boot_default_.boot_once(release); });
    if (result)
        result = changes_.remove(target_.layout.kept_packages());
    if (!result)
        return result;
    state.find(release)->state = KernelState::trial;
    state.operation.reset();
    return changes_.save(state);
}

Result<void> Installer::install_packages(const InstalledKernel &kernel, const Operation &operation)
{
    auto packages = kernel.packages;
    packages.insert(packages.end(), kernel.shared_packages.begin(), kernel.shared_packages.end());
    std::vector<std::string> unpacked;
    bool all_unpacked = !changes_.only_shown();
    for (const auto &package : packages) {
        std::string version;
        const auto status = TRY(target_.package_status(package.name, &version));
        if (is_unpacked(status))
            unpacked.push_back(package.name);
        all_unpacked = all_unpacked && version == package.version && (status == "installed" || is_unpacked(status));
    }
    if (all_unpacked && unpacked.empty())
        return {};
    std::vector<std::string> argv = {"dpkg"};
    if (all_unpacked) {
        argv.emplace_back("--configure");
        argv.insert(argv.end(), unpacked.begin(), unpacked.end());
    } else {
        argv.emplace_back("--install");
        for (const auto &deb : operation.debs) {
            TRY(changes_.only_shown() ? Result<void>() : expect_kept(target_, deb));
            argv.push_back(deb.string());
        }
    }
    auto command = plain_command(std::move(argv));
    command.environment["DEBIAN_FRONTEND"] = "noninteractive";
    return changes_.run(command);
}

Result<void> Installer::verify_installed(const std::string &release, const std::string &fallback)
{
    if (changes_.only_shown())
        return {};
    auto menu = target_.menu();
    if (!menu)
        return tl::unexpected(menu.error());
    if (menu->entry_of(release) == nullptr) { // where no hook of the packages ran update-grub
        TRY(changes_.run(plain_command({"update-grub"})));
        menu = target_.menu();
        if (!menu)
            return tl::unexpected(menu.error());
    }
    if (!target_.files.exists(target_.layout.kernel(release)))
        return failure(fmt::format("the package did not install {}", target_.layout.kernel(release).string()));
    const auto *entry = menu->entry_of(release);
    if (entry == nullptr)
        return failure(fmt::format("GRUB's menu has no entry for the kernel {}", release));
    // Where the old kernel needs an initrd, the new one will, too.
    const auto *old = menu->entry_of(fallback);
    if (old != nullptr && !old->initrd.empty() && target_.can_use_initrd(release) &&
        (entry->initrd.empty() || target_.files.size_of(target_.layout.boot() / entry->initrd) == 0))
        return failure(fmt::format("no initrd was made for the kernel {}", release),
                       "is initramfs-tools installed? The log has its output");
    const auto *booted = menu->default_entry({});
    if (booted == nullptr || booted->release != fallback)
        return failure(fmt::format("GRUB's default is no longer the kernel {}", fallback));
    return {};
}

Result<void> Installer::promote(InstallState &state, const std::string &release)
{
    if (!state.operation) {
        state.operation = Operation{Operation::Kind::promote, release, {}};
        TRY(changes_.save(state));
    }
    const auto pinned = step(fmt::format("making {} the default", release), [&] { return boot_default_.pin(release); });
    if (!pinned)
        return pinned;
    auto *kernel = state.find(release);
    kernel->promoted = state.last_promotion() + 1;
    kernel->state = KernelState::promoted;
    state.operation.reset();
    return changes_.save(state);
}

Result<void> Installer::undo_promotion(InstallState &state)
{
    const auto release = state.operation->release;
    const auto before = state.default_release(release);
    tell_(fmt::format("keeping {} as the default", before));
    TRY(boot_default_.pin(before));
    state.operation.reset();
    return changes_.save(state);
}

namespace
{

bool knows_nothing(const std::string &status) { return status == "not-installed"; }

} // namespace

Result<std::vector<std::string>> Installer::known_to_dpkg(const std::vector<InstalledPackage> &packages)
{
    std::vector<std::string> known;
    for (const auto &package : packages) {
        const auto status = TRY(target_.package_status(package.name));
        if (!knows_nothing(status))
            known.push_back(package.name);
    }
    return known;
}

Result<void> Installer::purge(const std::vector<InstalledPackage> &packages)
{
    const auto known = TRY(known_to_dpkg(packages));
    if (known.empty())
        return {};
    // dpkg refuses to remove a half-unpacked package, unless forced.
    std::vector<std::string> argv = {"dpkg", "--purge", "--force-remove-reinstreq"};
    argv.insert(argv.end(), known.begin(), known.end());
    auto command = plain_command(std::move(argv));
    command.environment["DEBIAN_FRONTEND"] = "noninteractive";
    return changes_.run(command);
}

// What the packages' scripts created, and left behind when they were cut off.
Result<void> Installer::remove_files_of(const std::string &release)
{
    std::vector<std::filesystem::path> leftovers = {target_.layout.modules(release),
                                                    target_.layout.at("/var/lib/initramfs-tools") / release};
    const auto prefix = "initrd.img-" + release;
    for (const auto &name : target_.files.list(target_.layout.boot()).value_or(std::vector<std::string>{})) {
        if (name == prefix || name == prefix + ".new" || name == prefix + ".dpkg-bak")
            leftovers.push_back(target_.layout.boot() / name);
    }
    for (const auto &path : leftovers)
        TRY(changes_.remove(path));
    return {};
}

// The kernel to boot when this one is gone: what the state says, or the newest other one that can boot.
Result<std::string> Installer::default_without(const InstallState &state, const std::string &release)
{
    const auto wanted = state.default_release(release);
    const auto menu = target_.menu();
    if (!menu) {
        if (changes_.only_shown())
            return wanted;
        return tl::unexpected(menu.error());
    }
    if (wanted != release && target_.can_boot(*menu, wanted))
        return wanted;
    for (const auto &other : menu->releases()) {
        const auto *krun = state.find(other);
        const bool proven = krun == nullptr || krun->state == KernelState::promoted;
        if (other != release && proven && target_.can_boot(*menu, other))
            return other;
    }
    return tl::unexpected(Error{ExitCode::answer_is_no,
                                fmt::format("{} is the only kernel that this machine can boot", release),
                                "install another one first: sudo apt-get install linux-image-amd64",
                                {}});
}

Result<Removal> Installer::uninstall(InstallState &state, const std::string &release)
{
    const auto *kernel = state.find(release);
    const auto known = TRY(known_to_dpkg(kernel->packages));
    // Where dpkg knows nothing of it any more (or yet), the default cannot be this kernel.
    std::string next_default;
    if (!known.empty()) {
        next_default = TRY(default_without(state, release));
    }

    // Where the journal already says that this kernel is half there, it need not be said again: an installation that
    // has filled the disk is taken back all the same.
    const bool half_there =
        state.operation && state.operation->release == release && state.operation->kind != Operation::Kind::promote;
    state.operation = Operation{Operation::Kind::uninstall, release, {}};
    if (auto saved = changes_.save(state); !saved && !half_there)
        return tl::unexpected(saved.error());
    TRY(boot_default_.not_once(release));
    if (!next_default.empty()) {
        tell_(fmt::format("making {} the default", next_default));
        TRY(boot_default_.pin(next_default));
    }
    if (target_.running_release == release) {
        state.find(release)->state = KernelState::removing;
        state.operation.reset();
        TRY(changes_.remove(target_.layout.kept_packages()));
        TRY(changes_.save(state));
        return Removal::pending_reboot;
    }
    tell_(fmt::format("removing {}", release));
    TRY(purge(state.find(release)->packages));
    TRY(remove_files_of(release));
    TRY(finish_removal(state, release));
    return Removal::done;
}

Result<void> Installer::finish_removal(InstallState &state, const std::string &release)
{
    const auto kernel = *state.find(release);
    const bool last = state.kernels.size() == 1;
    // What an installation added is removed when it is rolled back, otherwise with the last kernel.
    const bool with_shared = last || kernel.state == KernelState::installing;
    if (with_shared)
        TRY(purge(kernel.shared_packages));
    if (last) {
        tell_("restoring the boot settings");
        TRY(boot_default_.unpin());
    }
    std::erase_if(state.kernels, [&](const InstalledKernel &other) { return other.release == release; });
    if (last)
        state.fallback.clear();
    else if (!with_shared)
        state.kernels.front().shared_packages.insert(state.kernels.front().shared_packages.end(),
                                                     kernel.shared_packages.begin(), kernel.shared_packages.end());
    state.operation.reset();
    TRY(changes_.remove(target_.layout.kept_packages()));
    TRY(changes_.run(plain_command({"sync"})));
    return changes_.save(state);
}

std::string Installer::remains_of(const InstallState &state, const std::string &release)
{
    std::string remains;
    const auto add = [&](const std::string &what) { remains += (remains.empty() ? "" : ", ") + what; };
    if (const auto *kernel = state.find(release)) {
        auto packages = kernel->packages;
        packages.insert(packages.end(), kernel->shared_packages.begin(), kernel->shared_packages.end());
        for (const auto &name : known_to_dpkg(packages).value_or(std::vector<std::string>{}))
            add("the package " + name);
    }
    for (const auto &path :
         {target_.layout.kernel(release), target_.layout.initrd(release), target_.layout.modules(release),
          target_.layout.drop_in(), target_.layout.script(), target_.layout.apt_drop_in()}) {
        if (target_.files.exists(path))
            add(path.string());
    }
    return remains;
}

} // namespace krun
