// SPDX-License-Identifier: MIT
// krunctl install: a Krun kernel for a trial boot; and finishing or undoing an interrupted operation.
#include <cstdio>
#include <fmt/format.h>
#include <memory>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "install/boot_gate.hpp"
#include "install/install_state.hpp"
#include "install/kernel_package.hpp"
#include "install/preflight.hpp"
#include "install/session.hpp"
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

void print(const InstallOptions &options, const ordered_json &json)
{
    if (options.json)
        print_json(json);
}

void check_usage(const InstallOptions &options)
{
    const int modes =
        (options.debs.empty() ? 0 : 1) + (options.go_on ? 1 : 0) + (options.undo ? 1 : 0) + (options.status ? 1 : 0);
    if (modes == 0)
        throw UserError({ExitCode::usage, "no package is named", "`krunctl build --package` makes them", {}});
    if (modes > 1)
        throw UserError(
            {ExitCode::usage, "packages, --continue, --undo and --status exclude each other", "choose one", {}});
}

std::vector<std::filesystem::path> absolute(const std::vector<std::filesystem::path> &paths)
{
    std::vector<std::filesystem::path> result;
    for (const auto &path : paths)
        result.push_back(std::filesystem::absolute(path).lexically_normal());
    return result;
}

void print_shown(const InstallOptions &options, const ShownChanges &changes, ordered_json json)
{
    json["result"] = "dry-run";
    json["steps"] = changes.lines();
    print(options, json);
    if (options.json)
        return;
    for (const auto &line : changes.lines())
        fmt::print("{}\n", line);
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

// The gate's verdict as JSON; throws when the kernel did not pass.
ordered_json pass_gate(Context &context, const InstallOptions &options, const KernelPackages &packages,
                       ordered_json report)
{
    if (options.no_boot_gate)
        return nullptr;
    say(fmt::format("booting {} in the testbed first", packages.release));
    const auto gate = unwrap(boot_gate(context, packages.image().deb));
    ordered_json json = {{"passed", gate.passed},
                         {"tests_passed", gate.tests_passed},
                         {"tests_failed", gate.tests_failed},
                         {"detail", gate.detail}};
    if (!gate.passed) {
        report["result"] = "refused";
        report["gate"] = json;
        context.found = report;
        throw UserError({ExitCode::answer_is_no,
                         "the kernel does not pass the boot gate: " + gate.detail,
                         "nothing was changed",
                         {}});
    }
    say(gate.detail);
    return json;
}

void refuse(Context &context, ExitCode code, ordered_json report)
{
    report["result"] = "refused";
    context.found = std::move(report);
    throw UserError({code, "the kernel was not installed, nothing was changed", {}, {}});
}

void install(Context &context, const InstallOptions &options, Target &target, InstallSession &session)
{
    unwrap(session.expect_nothing_unfinished());
    const auto packages = unwrap(read_kernel_packages(context, absolute(options.debs)));
    auto &state = session.state();
    const auto checks = preflight({target, packages, state});
    if (!options.json)
        std::fputs(preflight_report(checks, options.dry_run).c_str(),
                   stderr); // fmt::print() would throw when it is full
    const auto &release = packages.release;
    ordered_json report = {{"release", release}, {"result", ""}, {"checks", preflight_json(checks)}};
    auto fallback = kernel_to_keep(target, state);

    if (options.dry_run) {
        if (fallback.empty())
            fallback = target.running_release;
        ShownChanges changes(target);
        Installer installer(
            target, changes, [] { return false; }, [](const std::string &) {});
        unwrap(installer.begin_install(state, packages, fallback));
        unwrap(installer.go_on_installing(state));
        print_shown(options, changes, report);
        return;
    }
    if (const auto code = preflight_code(checks); code != ExitCode::done)
        refuse(context, code, report);
    auto kept = unwrap(KeptPackages::copy(target, packages));
    report["gate"] = pass_gate(context, options, kept.packages(), report);

    const HeldInterrupts held;
    const auto log = target.layout.log(release);
    RealChanges changes(target, log);
    Installer installer(target, changes, interrupt_noted, say);
    unwrap(installer.begin_install(state, kept.packages(), fallback));
    kept.hand_over();
    report["log"] = log.string();
    if (auto installed = installer.go_on_installing(state); !installed) {
        const auto error = take_back(installer, state, release, installed.error(), log);
        report["result"] = state.find(release) == nullptr ? "undone" : "failed";
        context.found = report;
        throw UserError(error);
    }
    report["result"] = "trial";
    report["default"] = state.default_release();
    print(options, report);
    if (!options.json)
        fmt::print("{}", next_steps(release, state.default_release()));
}

Error nothing_unfinished()
{
    return {
        ExitCode::answer_is_no, "nothing was interrupted", "`krunctl install --status` shows what is installed", {}};
}

Result<std::string> finish(Installer &installer, InstallState &state, bool undo)
{
    const auto operation = *state.operation;
    const auto word = [](Result<void> result, const char *outcome) -> Result<std::string> {
        if (!result)
            return tl::unexpected(result.error());
        return std::string(outcome);
    };
    if (operation.kind == Operation::Kind::promote)
        return undo ? word(installer.undo_promotion(state), "trial")
                    : word(installer.promote(state, operation.release), "promoted");
    if (operation.kind == Operation::Kind::install && !undo)
        return word(installer.go_on_installing(state), "trial");
    // A removal can only go forward: what the packages have already lost is unknown.
    const auto removed = installer.uninstall(state, operation.release);
    if (!removed)
        return tl::unexpected(removed.error());
    return std::string(*removed == Removal::done ? "removed" : "pending-reboot");
}

void go_on(const InstallOptions &options, Target &target, InstallSession &session)
{
    auto &state = session.state();
    if (!state.operation)
        throw UserError(nothing_unfinished());
    const auto operation = *state.operation;
    ordered_json report = {{"release", operation.release}, {"result", ""}};
    if (options.dry_run) {
        ShownChanges changes(target);
        Installer installer(
            target, changes, [] { return false; }, [](const std::string &) {});
        unwrap(finish(installer, state, options.undo));
        print_shown(options, changes, report);
        return;
    }
    unwrap(session.expect_root());
    const HeldInterrupts held;
    const auto log = target.layout.log(operation.release);
    RealChanges changes(target, log);
    Installer installer(target, changes, interrupt_noted, say);
    const auto outcome = finish(installer, state, options.undo);
    if (!outcome)
        throw UserError(options.undo
                            ? with_remains(installer, state, operation.release, outcome.error(), log)
                            : Error{outcome.error().code, outcome.error().message,
                                    "fix that and run `krunctl install --continue` again, or roll everything back "
                                    "with `krunctl install --undo`",
                                    log.string(), outcome.error().kind});
    report["result"] = *outcome;
    print(options, report);
    if (options.json)
        return;
    if (*outcome == "trial" && !options.undo)
        fmt::print("{}", next_steps(operation.release, state.default_release()));
    else if (*outcome == "pending-reboot")
        fmt::print("{} is running: reboot, then run `sudo krunctl uninstall` again\n", operation.release);
    else
        fmt::print("{}: {}\n", operation.release, *outcome);
}

void run(Context &context, const InstallOptions &options)
{
    check_usage(options);
    auto target = unwrap(system_target(context));
    auto session = unwrap(InstallSession::open(target, options.dry_run || options.status));
    if (options.status) {
        const auto status = install_status(target, session.state());
        if (options.json)
            print_json(status_json(status));
        else
            fmt::print("{}", status_text(status));
    } else if (options.go_on || options.undo) {
        go_on(options, target, session);
    } else {
        install(context, options, target, session);
    }
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
