// SPDX-License-Identifier: MIT
// krunctl promote: the kernel on trial, which is running and in which the checks find no fault, becomes the default.
#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "host/checks.hpp"
#include "host/host.hpp"
#include "install/installer.hpp"
#include "report/check_report.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

using nlohmann::ordered_json;

struct PromoteOptions {
    bool dry_run = false;
    bool json = false;
};

Result<void> expect_on_trial(const InstallState &state, const std::string &running)
{
    if (const auto *kernel = state.find(running); kernel != nullptr && kernel->state != KernelState::removing)
        return {};
    const auto trial = std::ranges::find(state.kernels, KernelState::trial, &InstalledKernel::state);
    if (trial == state.kernels.end())
        return refusal(fmt::format("the running kernel {} was not installed by krunctl", running),
                       "install one for a trial boot: sudo krunctl install DEB…");
    return refusal(fmt::format("{} is running, not the kernel on trial, {}", running, trial->release),
                   fmt::format("if its trial boot failed, remove it: sudo krunctl uninstall {0}; to try it again, "
                               "choose {0} in the boot menu",
                               trial->release));
}

// The report of `krunctl check`; an Error when something forbids it.
Result<nlohmann::json> pass_checks(Context &context, const PromoteOptions &options, const std::string &release)
{
    SystemHost host(context.runner);
    say("verifying the running kernel");
    const auto results = check_kernel(host);
    auto json = check_json(release, world_of(host), results);
    const auto against = against_promotion(results);
    if (!options.json && (!against.empty() || !all_good(results)))
        fmt::print("{}", check_report(results));
    if (against.empty())
        return json;
    context.found = {{"release", release}, {"result", "refused"}, {"against", against}, {"check", json}};
    return refusal(fmt::format("{} is not promoted, nothing was changed: {}", release, fmt::join(against, ", ")),
                   "mend what the checks say and try again, or go back with `sudo krunctl uninstall`");
}

void run(Context &context, const PromoteOptions &options)
{
    auto session = unwrap(InstallSession::open(context, options.dry_run, options.json));
    auto &[dry, target, state, lock] = session;
    const auto &release = target.running_release;
    if (!options.dry_run)
        unwrap(session.expect_root());
    unwrap(session.expect_nothing_unfinished());
    unwrap(expect_on_trial(state, release));
    target.log = target.layout.log(release);
    Installer installer(target, state);
    ordered_json report = {{"release", release}, {"result", "promoted"}};

    if (options.dry_run) {
        unwrap(installer.promote(release));
        report.update({{"result", "dry-run"}, {"steps", dry->lines()}});
    } else if (state.default_release() != release) {
        report["check"] = unwrap(pass_checks(context, options, release));
        const HeldInterrupts held;
        if (const auto promoted = installer.promote(release); !promoted) {
            auto error = promoted.error();
            error.log = target.log.string();
            if (installer.undo_promotion())
                error.message += "; the default is as it was";
            else
                error.hint = "`krunctl install --undo` keeps the old default, `--continue` finishes";
            throw UserError(error);
        }
    }
    if (options.json)
        print_json(report);
    else if (!options.dry_run)
        fmt::print("{} is the default kernel\n", release);
}

} // namespace

void add_promote_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<PromoteOptions>();
    auto *command = app.add_subcommand("promote", "Make the running trial kernel the default if it passes the checks");
    command->add_flag("--dry-run", options->dry_run,
                      "Print what would be done, without the checks, and change nothing");
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
