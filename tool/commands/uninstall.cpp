// SPDX-License-Identifier: MIT
// krunctl uninstall: removes a Krun kernel and everything that `krunctl install` added.
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "install/session.hpp"
#include "util/own_process.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

using nlohmann::ordered_json;

struct UninstallOptions {
    std::string release;
    bool dry_run = false;
    bool json = false;
};

std::string list_of(const InstallState &state)
{
    std::string list;
    for (const auto &kernel : state.kernels)
        list += (list.empty() ? "" : ", ") + kernel.release;
    return list;
}

// The named one, the one of an unfinished operation, the one that waits for a reboot, or the only one.
std::string choose(const InstallState &state, const std::string &named)
{
    if (state.kernels.empty())
        throw UserError({ExitCode::answer_is_no, "no Krun kernel was installed by krunctl", {}, {}});
    if (!named.empty()) {
        if (state.find(named) == nullptr)
            throw UserError({ExitCode::answer_is_no,
                             fmt::format("{} was not installed by krunctl", named),
                             "installed are " + list_of(state),
                             {}});
        return named;
    }
    if (state.operation)
        return state.operation->release;
    std::vector<std::string> removing;
    for (const auto &kernel : state.kernels) {
        if (kernel.state == KernelState::removing)
            removing.push_back(kernel.release);
    }
    if (removing.size() == 1)
        return removing.front();
    if (state.kernels.size() > 1)
        throw UserError({ExitCode::usage,
                         "several Krun kernels are installed: " + list_of(state),
                         fmt::format("name one: krunctl uninstall {}", state.kernels.front().release),
                         {}});
    return state.kernels.front().release;
}

void report(const UninstallOptions &options, const std::string &release, Removal removal,
            const std::string &next_default)
{
    const bool done = removal == Removal::done;
    if (options.json) {
        const ordered_json json = {{"release", release}, {"result", done ? "removed" : "pending-reboot"}};
        print_json(json);
    } else if (done) {
        fmt::print("{} is removed{}\n", release,
                   next_default.empty() ? "; the boot settings are as they were" : "; the default is " + next_default);
    } else {
        fmt::print("{} is running and cannot be removed yet; the default is now {}\n"
                   "reboot, then run `sudo krunctl uninstall` again\n",
                   release, next_default);
    }
}

void show(const UninstallOptions &options, Target &target, InstallState &state, const std::string &release)
{
    ShownChanges changes(target);
    Installer installer(
        target, changes, [] { return false; }, [](const std::string &) {});
    unwrap(installer.uninstall(state, release));
    if (options.json) {
        const ordered_json json = {{"release", release}, {"result", "dry-run"}, {"steps", changes.lines()}};
        print_json(json);
    } else {
        fmt::print("{}\n", fmt::join(changes.lines(), "\n"));
    }
}

void run(Context &context, const UninstallOptions &options)
{
    auto target = unwrap(system_target(context));
    auto session = unwrap(InstallSession::open(target, options.dry_run));
    auto &state = session.state();
    const auto release = choose(state, options.release);
    if (state.operation && state.operation->release != release)
        unwrap(session.expect_nothing_unfinished());
    if (options.dry_run) {
        show(options, target, state, release);
        return;
    }
    unwrap(session.expect_root());
    const HeldInterrupts held; // it always goes to its end
    const auto log = target.layout.log(release);
    RealChanges changes(target, log);
    Installer installer(
        target, changes, [] { return false; }, say);
    const auto removal = installer.uninstall(state, release);
    if (!removal)
        throw UserError(with_remains(installer, state, release, removal.error(), log));
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
