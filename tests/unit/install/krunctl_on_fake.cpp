// SPDX-License-Identifier: MIT
// See krunctl_on_fake.hpp.
#include "install/krunctl_on_fake.hpp"

#include "install/kernel_package.hpp"
#include "install/preflight.hpp"

namespace krun
{
namespace
{

struct Krunctl {
    explicit Krunctl(
        FakeMachine &machine, std::function<bool()> stop = [] { return false; })
        : target(machine.target()), state(state_of(machine)),
          installer(target, state, std::move(stop), [](const std::string &) {})
    {
    }
    Target target;
    InstallState state;
    Installer installer;
};

Result<void> finish(FakeMachine &machine, bool undo)
{
    Krunctl krunctl(machine);
    KeptPackages::remove_abandoned(krunctl.target, krunctl.state);
    if (krunctl.state.operation)
        TRY(krunctl.installer.finish(undo));
    return {};
}

} // namespace

Result<void> install(FakeMachine &machine, const std::vector<std::filesystem::path> &debs,
                     const std::function<bool()> &stop)
{
    Krunctl krunctl(machine, stop);
    auto &[target, state, installer] = krunctl;
    const auto packages = TRY(read_kernel_packages(target, debs));
    auto kept = TRY(KeptPackages::copy(target, packages));
    TRY(installer.begin_install(kept.packages(), kernel_to_keep(target, state)));
    kept.hand_over();
    if (auto installed = installer.go_on_installing(); !installed)
        return tl::unexpected(installer.take_back(packages.release, installed.error()));
    return {};
}

Result<void> go_on(FakeMachine &machine) { return finish(machine, false); }

Result<void> undo(FakeMachine &machine) { return finish(machine, true); }

Result<void> promote(FakeMachine &machine) { return Krunctl(machine).installer.promote(machine.running); }

Result<Removal> uninstall(FakeMachine &machine, const std::string &release)
{
    return Krunctl(machine).installer.uninstall(release);
}

InstallState state_of(FakeMachine &machine) { return read_state(machine, {}).value(); }

} // namespace krun
