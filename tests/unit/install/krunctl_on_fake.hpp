// SPDX-License-Identifier: MIT
// What the commands do, on a fake machine. Each is a new krunctl, which knows nothing but what is on the disk.
#pragma once

#include "install/fake_machine.hpp"
#include "install/installer.hpp"

namespace krun
{

Result<void> install(
    FakeMachine &machine, const std::vector<std::filesystem::path> &debs,
    const std::function<bool()> &stop = [] { return false; });
Result<void> go_on(FakeMachine &machine);
Result<void> undo(FakeMachine &machine);
Result<void> promote(FakeMachine &machine); // without the checks of the running kernel
Result<Removal> uninstall(FakeMachine &machine, const std::string &release);
InstallState state_of(FakeMachine &machine);

} // namespace krun
