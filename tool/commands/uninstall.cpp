// SPDX-License-Identifier: MIT
// krunctl uninstall: removes a Krun kernel and everything that `krunctl install` added.
#include <fmt/format.h>
#include <memory>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "install/installer.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

struct UninstallOptions {
    std::string release;
    bool dry_run = false;
    bool json = false;
};

// The named one, the one of an unfinished operation, the one that waits for a reboot, or the only one.
Result<std::string> choose(const InstallState &state, const std::string &named)
{
    std::vector<std::string> releases;
    std::vector<std::string> removing;
    for (const auto &kernel : state.kernels) {
        releases.push_back(kernel.release);
        if (kernel.state == KernelState::removing)
            removing.push_back(kernel.release);
    }
    if (releases.empty())
        return refusal("no Krun kernel was installed by krunctl");
    if (!named.empty() && state.find(named) == nullptr)
        return refusal(fmt::format("{} was not installed by krunctl", named),
                       fmt::format("installed are {}", fmt::join(releases, ", ")));
    if (!named.empty())
        return named;
    if (state.operation)
        return state.operation->release;
    if (removing.size() == 1)
        return removing.front();
    if (releases.size() > 1)
        return usage_error(fmt::format("several Krun kernels are installed: {}", fmt::join(releases, ", ")),
                           fmt::format("name one: krunctl uninstall {}", releases.front()));
    return releases.front();
}

void report(const UninstallOptions &options, const std::string &release, Removal removal,
            const std::string &next_default)
{
    const bool done = removal == Removal::done;
    if (options.json) {
        print_json({{"release", release}, {"result", done ? "removed" : "pending-reboot"}});
    } else if (done) {
        fmt::print("{} is removed{}\n", release,
                   next_default.empty() ? "; the boot settings are as they were" : "; the default is " + next_default);
    } else {
        fmt::print("{} is running and cannot be removed yet; the default is now {}\n"
                   "reboot, then run `sudo krunctl uninstall` again\n",
                   release, next_default);
    }
}

void run(Context &context, const UninstallOptions &options)
{
    auto session = unwrap(InstallSession::open(context, options.dry_run, options.json));
    auto &[dry, target, state, lock] = session;
    const auto release = unwrap(choose(state, options.release));
    if (state.operation && state.operation->release != release)
        unwrap(session.expect_nothing_unfinished());
    target.log = target.layout.log(release);
    Installer installer(target, state);
    if (options.dry_run) {
        unwrap(installer.uninstall(release));
        if (options.json)
            print_json({{"release", release}, {"result", "dry-run"}, {"steps", dry->lines()}});
        return;
    }
    unwrap(session.expect_root());
    const HeldInterrupts held; // it always goes to its end
    const auto removal = installer.uninstall(release);
    if (!removal)
        throw UserError(installer.with_remains(release, removal.error()));
    report(options, release, *removal, state.kernels.empty() ? std::string() : state.default_release());
    if (interrupt_noted())
        context.exit_code = ExitCode::interrupted;
}

} // namespace

void add_uninstall_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<UninstallOptions>();
    auto *command = app.add_subcommand("uninstall", "Remove a Krun kernel and everything that came with it");
    command->add_option("RELEASE", options->release,
                        "Remove the kernel with this `uname -r`; needed when there are several");
    command->add_flag("--dry-run", options->dry_run, "Print what would be done and change nothing");
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
