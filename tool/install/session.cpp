// SPDX-License-Identifier: MIT
// See session.hpp.
#include "install/session.hpp"

#include <fmt/format.h>

#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

Result<std::string> ask(ProcessRunner &runner, std::vector<std::string> argv)
{
    const auto result = TRY(runner.run_ok(plain_command(std::move(argv))));
    return trim(result.output);
}

} // namespace

Result<Target> system_target(const Env &env)
{
    const auto release = TRY(ask(env.runner, {"uname", "-r"}));
    const auto user = TRY(ask(env.runner, {"id", "-u"}));
    return Target{env, system_layout(), release, user == "0"};
}

Result<InstallSession> InstallSession::open(const Target &target, bool only_show)
{
    std::optional<FileLock> lock;
    if (target.is_root && !only_show) {
        lock = TRY(FileLock::acquire_alone(target.layout.lock(), "the installed kernels"));
    }
    auto state = TRY(read_state(target.files, target.layout));
    if (lock) {
        auto locked = target;
        remove_abandoned_packages(locked, state);
    }
    return InstallSession(target, std::move(lock), std::move(state));
}

Result<void> InstallSession::expect_root()
{
    if (target_.is_root)
        return {};
    return host_lacks("this changes the machine, and you are not root", "run it with sudo");
}

Result<void> InstallSession::expect_nothing_unfinished()
{
    if (!state_.operation)
        return {};
    return tl::unexpected(
        Error{ExitCode::answer_is_no,
              unfinished_text(state_),
              "finish it with `krunctl install --continue`, or roll it back with `krunctl install --undo`",
              {}});
}

Error with_remains(Installer &installer, const InstallState &state, const std::string &release, Error why,
                   const std::filesystem::path &log)
{
    const auto remains = installer.remains_of(state, release);
    if (!remains.empty() && why.code != ExitCode::answer_is_no)
        why.message += fmt::format("; left are {}", remains);
    if (why.code != ExitCode::answer_is_no)
        why.hint = (why.hint.empty() ? "fix what the log reports" : why.hint) +
                   ", then run `krunctl uninstall` again; until then the default kernel does not change";
    if (why.log.empty())
        why.log = log.string();
    return why;
}

Error take_back(Installer &installer, InstallState &state, const std::string &release, Error why,
                const std::filesystem::path &log)
{
    why.log = log.string();
    const auto undone = installer.uninstall(state, release);
    if (!undone) {
        auto second = with_remains(installer, state, release, undone.error(), log);
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
