// SPDX-License-Identifier: MIT
// Towards a new default: installation and promotion. The way back is in removal.cpp; see installer.hpp.
#include "install/installer.hpp"

#include <fmt/format.h>

#include "install/kept_packages.hpp"

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

} // namespace krun
