// SPDX-License-Identifier: MIT
// See session.hpp.
#include "install/session.hpp"

#include "install/kernel_package.hpp"

namespace krun
{

Result<InstallSession> InstallSession::open(const Env &env, bool only_look)
{
    const auto target = TRY(system_target(env));
    const bool changes = target.is_root && !only_look && !env.dry_run();
    auto lock = changes ? TRY(FileLock::acquire_alone(target.layout.lock(), "the installed kernels")) : FileLock();
    auto state = TRY(read_state(target.files, target.layout));
    if (changes)
        KeptPackages::remove_abandoned(target, state);
    return InstallSession{target, std::move(state), std::move(lock)};
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
    return tl::unexpected(
        Error{ExitCode::answer_is_no,
              unfinished_text(state),
              "finish it with `krunctl install --continue`, or roll it back with `krunctl install --undo`",
              {}});
}

} // namespace krun
