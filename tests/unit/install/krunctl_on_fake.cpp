// SPDX-License-Identifier: MIT
// See krunctl_on_fake.hpp.
#include "install/krunctl_on_fake.hpp"

#include "install/kernel_package.hpp"
#include "install/preflight.hpp"
#include "install/session.hpp"

namespace krun
{
namespace
{

struct Krunctl {
    explicit Krunctl(
        FakeMachine &machine, std::function<bool()> stop = [] { return false; })
        : target(machine.target()), state(read_state(machine, {}).value()), changes(target, "/var/log/krunctl/log"),
          installer(target, changes, std::move(stop), [](const std::string &) {})
    {
    }
    Target target;
    InstallState state;
    RealChanges changes;
    Installer installer;
};

} // namespace

Result<void> install(FakeMachine &machine, const std::vector<std::filesystem::path> &debs,
                     const std::function<bool()> &stop)
{
    Krunctl krunctl(machine, stop);
    const auto packages = read_kernel_packages(Env{machine, machine}, debs);
    if (!packages)
        return tl::unexpected(packages.error());
    auto &[target, state, changes, installer] = krunctl;
    auto kept = KeptPackages::copy(target, *packages);
    if (!kept)
        return tl::unexpected(kept.error());
    if (auto begun = installer.begin_install(state, kept->packages(), kernel_to_keep(target, state)); !begun)
        return begun;
    kept->hand_over();
    if (auto installed = installer.go_on_installing(state); !installed)
        return tl::unexpected(
            take_back(installer, state, packages->release, installed.error(), "/var/log/krunctl/log"));
    return {};
}

Result<void> go_on(FakeMachine &machine)
{
    Krunctl krunctl(machine);
    if (!krunctl.state.operation)
        return {};
    const auto operation = *krunctl.state.operation;
    if (operation.kind == Operation::Kind::promote)
        return krunctl.installer.promote(krunctl.state, operation.release);
    if (operation.kind == Operation::Kind::install)
        return krunctl.installer.go_on_installing(krunctl.state);
    return krunctl.installer.uninstall(krunctl.state, operation.release).map([](Removal) {});
}

Result<void> undo(FakeMachine &machine)
{
    Krunctl krunctl(machine);
    remove_abandoned_packages(krunctl.target, krunctl.state);
    if (!krunctl.state.operation)
        return {};
    const auto operation = *krunctl.state.operation;
    if (operation.kind == Operation::Kind::promote)
        return krunctl.installer.undo_promotion(krunctl.state);
    return krunctl.installer.uninstall(krunctl.state, operation.release).map([](Removal) {});
}

Result<void> promote(FakeMachine &machine)
{
    Krunctl krunctl(machine);
    return krunctl.installer.promote(krunctl.state, machine.running);
}

Result<Removal> uninstall(FakeMachine &machine, const std::string &release)
{
    Krunctl krunctl(machine);
    return krunctl.installer.uninstall(krunctl.state, release);
}

InstallState state_of(FakeMachine &machine) { return read_state(machine, {}).value(); }

} // namespace krun
