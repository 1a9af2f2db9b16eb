// SPDX-License-Identifier: MIT
// krunctl install: a Krun kernel for a trial boot; and finishing or undoing an interrupted operation.
#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "install/boot_gate.hpp"
#include "install/installer.hpp"
#include "install/preflight.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

using nlohmann::ordered_json;

struct InstallOptions {
    std::vector<std::filesystem::path> debs;
    bool no_boot_gate = false;
    bool go_on = false;
    bool undo = false;
    bool status = false;
    bool dry_run = false;
    bool json = false;
};

Result<void> expect_one_mode(const InstallOptions &options)
{
    const int modes = int(!options.debs.empty()) + int(options.go_on) + int(options.undo) + int(options.status);
    if (modes == 0)
        return usage_error("no package is named", "`krunctl build --package` makes them");
    if (modes > 1)
        return usage_error("packages, --continue, --undo and --status exclude each other", "choose one");
    return {};
}

std::string next_steps(const std::string &release, const std::string &fallback)
{
    return fmt::format("{0} is installed and boots once, at the next reboot:\n"
                       "  sudo reboot\n"
                       "  krunctl check          in the new kernel\n"
                       "  sudo krunctl promote   makes it the default\n"
                       "Without that, every later boot is {1} again.\n"
                       "`sudo krunctl uninstall` undoes everything.\n",
                       release, fallback);
}

[[noreturn]] void refuse(Context &context, ordered_json report, Error why)
{
    report["result"] = "refused";
    context.found = std::move(report);
    throw UserError(std::move(why));
}

// Puts the gate's verdict into the report; throws when the kernel did not pass.
void pass_gate(Context &context, const KernelPackages &packages, ordered_json &report)
{
    say(fmt::format("booting {} in the testbed first", packages.release));
    const auto gate = unwrap(boot_gate(context, packages.image().deb));
    report["gate"] = {{"passed", gate.passed},
                      {"tests_passed", gate.tests_passed},
                      {"tests_failed", gate.tests_failed},
                      {"detail", gate.detail}};
    if (!gate.passed)
        refuse(context, report,
               {ExitCode::answer_is_no,
                "the kernel does not pass the boot gate: " + gate.detail,
                "nothing was changed",
                {}});
    say(gate.detail);
}

// The report for --json.
ordered_json install(Context &context, const InstallOptions &options, InstallSession &session)
{
    auto &[dry, target, state, lock] = session;
    unwrap(session.expect_nothing_unfinished());
    std::vector<std::filesystem::path> debs;
    for (const auto &deb : options.debs)
        debs.push_back(std::filesystem::absolute(deb).lexically_normal());
    const auto packages = unwrap(read_kernel_packages(target, debs));
    const auto &release = packages.release;
    const auto checks = preflight({target, packages, state});
    if (!options.json) // fmt::print() would throw when stderr is full
        std::fputs(preflight_report(checks, options.dry_run).c_str(), stderr);
    ordered_json report = {{"release", release}, {"result", ""}, {"checks", checks_as_json(checks)}};
    const auto fallback = kernel_to_keep(target, state);
    target.log = target.layout.log(release);
    Installer installer(target, state);

    if (options.dry_run) {
        unwrap(installer.begin_install(packages, fallback.empty() ? target.running_release : fallback));
        unwrap(installer.go_on_installing());
        return report;
    }
    if (const auto code = preflight_code(checks); code != ExitCode::done)
        refuse(context, report, {code, "the kernel was not installed, nothing was changed", {}, {}});
    auto kept = unwrap(KeptPackages::copy(target, packages));
    report["gate"] = nullptr;
    if (!options.no_boot_gate)
        pass_gate(context, kept.packages(), report);

    const HeldInterrupts held;
    unwrap(installer.begin_install(kept.packages(), fallback));
    kept.hand_over();
    report["log"] = target.log.string();
    if (auto installed = installer.go_on_installing(); !installed) {
        const auto error = installer.take_back(release, installed.error());
        report["result"] = state.find(release) == nullptr ? "undone" : "failed";
        context.found = report;
        throw UserError(error);
    }
    report["result"] = "trial";
    report["default"] = state.default_release();
    if (!options.json)
        fmt::print("{}", next_steps(release, state.default_release()));
    return report;
}

ordered_json go_on(const InstallOptions &options, InstallSession &session)
{
    auto &[dry, target, state, lock] = session;
    if (!state.operation)
        throw UserError(refusal("nothing was interrupted", "`krunctl install --status` shows what is installed"));
    const auto release = state.operation->release;
    target.log = target.layout.log(release);
    Installer installer(target, state);
    if (options.dry_run) {
        unwrap(installer.finish(options.undo));
        return {{"release", release}, {"result", ""}};
    }
    unwrap(session.expect_root());
    const HeldInterrupts held;
    const auto outcome = installer.finish(options.undo);
    if (!outcome && options.undo)
        throw UserError(installer.with_remains(release, outcome.error()));
    if (!outcome)
        throw UserError({outcome.error().code, outcome.error().message,
                         "fix that and run `krunctl install --continue` again, or roll everything back with `krunctl "
                         "install --undo`",
                         target.log.string(), outcome.error().kind});
    if (options.json)
        return {{"release", release}, {"result", *outcome}};
    if (*outcome == "trial" && !options.undo)
        fmt::print("{}", next_steps(release, state.default_release()));
    else if (*outcome == "pending-reboot")
        fmt::print("{} is running: reboot, then run `sudo krunctl uninstall` again\n", release);
    else
        fmt::print("{}: {}\n", release, *outcome);
    return {};
}

void run(Context &context, const InstallOptions &options)
{
    unwrap(expect_one_mode(options));
    auto session = unwrap(InstallSession::open(context, options.dry_run || options.status, options.json));
    ordered_json report;
    if (options.status) {
        const auto status = install_status(session.target, session.state);
        if (!options.json)
            fmt::print("{}", status_text(status));
        report = status_json(status);
    } else {
        report = options.debs.empty() ? go_on(options, session) : install(context, options, session);
        if (options.dry_run)
            report.update({{"result", "dry-run"}, {"steps", session.dry->lines()}});
    }
    if (options.json)
        print_json(report);
}

} // namespace

void add_install_command(CLI::App &app, Context &context)
{
    auto options = std::make_shared<InstallOptions>();
    auto *command = app.add_subcommand("install", "Install a Krun kernel's packages for a trial boot");
    command->add_option("DEB", options->debs,
                        "Install these packages of one Krun kernel, as `krunctl build --package` makes them");
    command->add_flag("--no-boot-gate", options->no_boot_gate, "Do not boot the kernel in the testbed first");
    command->add_flag("--continue", options->go_on, "Finish an interrupted operation");
    command->add_flag("--undo", options->undo, "Roll back an interrupted operation");
    command->add_flag("--status", options->status, "Print which Krun kernels are installed, and what boots next");
    command->add_flag("--dry-run", options->dry_run, "Print what would be done and change nothing");
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { run(context, *options); });
}

} // namespace krun
