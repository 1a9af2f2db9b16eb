// SPDX-License-Identifier: MIT
// krunctl boot: a kernel in a virtual machine, one command in it, and that command's output and status.
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "build/kernel_build.hpp"
#include "commands/command.hpp"
#include "commands/options.hpp"
#include "machine/guest_image.hpp"
#include "machine/virtual_machine.hpp"
#include "self/krunctl.hpp"
#include "source/kernel_line.hpp"
#include "util/input_file.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

struct BootOptions {
    std::string line = "6.12";
    std::filesystem::path kernel;
    std::string accelerator = "auto";
    std::string vendor = "intel";
    std::vector<std::string> copy_in;
    MachineRequest request;
};

// "SRC:DST". DST begins with a slash; of several places where that could be, the last one behind a SRC that is there.
std::size_t colon_of(Filesystem &files, const std::string &text)
{
    const auto last = text.rfind(":/");
    for (auto at = last; at != std::string::npos && at != 0; at = text.rfind(":/", at - 1)) {
        if (files.exists(text.substr(0, at)))
            return at;
    }
    return last == std::string::npos ? text.rfind(':') : last;
}

GuestFile guest_file(Filesystem &files, const std::string &text)
{
    const auto colon = colon_of(files, text);
    if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
        throw UserError({ExitCode::usage,
                         fmt::format("--copy-in needs SRC:DST, not `{}`", text),
                         "for example --copy-in ./prog:/prog",
                         {}});
    return {text.substr(0, colon), text.substr(colon + 1)};
}

std::filesystem::path kernel_of_line(Context &context, const BootOptions &options)
{
    BuildRequest build;
    build.line = options.line;
    if (options.request.dry_run) // only the command is wanted, and that says where the kernel would be
        return cache_directory() / "kernels" / (options.line + "-" + build.config) / "vmlinuz";
    return unwrap(build_kernel(context, build)).folder / "vmlinuz";
}

// QEMU reads it after we have looked at it: of a pipe, a copy.
std::filesystem::path readable_kernel(Context &context, const std::filesystem::path &kernel, const GuestFiles &gathered)
{
    constexpr InputKind kind = {"kernel image", "it is arch/x86/boot/bzImage of a build folder, or a /boot/vmlinuz-*"};
    if (expect_regular_file(kernel, kind) || context.files.is_directory(kernel))
        return kernel;
    const auto copy = gathered.folder.path() / "kernel";
    unwrap(context.files.write(copy, unwrap(read_input(context.files, kernel, kind))));
    return copy;
}

void run_boot(Context &context, BootOptions &options)
{
    MachineRequest &request = options.request;
    for (const std::string &text : options.copy_in)
        request.copy_in.push_back(guest_file(context.files, text));
    request.accelerator = options.accelerator == "kvm"   ? Accelerator::kvm
                          : options.accelerator == "tcg" ? Accelerator::tcg
                                                         : Accelerator::automatic;
    request.vendor = vendor_named(options.vendor).value_or(CpuVendor::intel);
    request.pass_input = true;
    // What the person names comes before anything that takes long.
    if (options.kernel.empty())
        unwrap(find_kernel_line(context.files, data_directory(), options.line));
    std::optional<GuestFiles> gathered;
    if (!request.dry_run)
        gathered.emplace(unwrap(gather_guest_files(context, request)));
    if (options.kernel.empty())
        request.kernel = kernel_of_line(context, options);
    else
        request.kernel = gathered ? readable_kernel(context, options.kernel, *gathered) : options.kernel;
    const MachineResult result = unwrap(run_machine(context, request, gathered ? &*gathered : nullptr));
    if (request.dry_run)
        return;
    if (!result.kernel_problems.empty()) {
        for (const std::string &problem : result.kernel_problems)
            say("the guest's kernel: " + problem);
        throw UserError({ExitCode::failure,
                         fmt::format("the guest's kernel complained ({} lines); the command ended with status {}",
                                     result.kernel_problems.size(), result.status),
                         {},
                         result.console_log.string()});
    }
    context.guest_status = result.status;
}

} // namespace

void add_boot_command(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<BootOptions>();
    MachineRequest &request = options->request;
    CLI::App *boot = app.add_subcommand("boot", "Boot a kernel in a virtual machine and run a command there");
    boot->footer("Exit status: the command's own, or see krunctl-boot(1)");
    boot->add_option("COMMAND", request.command,
                     "Run this in the guest, with its arguments after --; without it, a shell");
    auto *line = boot->add_option("--line", options->line, "Boot this kernel line, built unless it is in the cache")
                     ->type_name("LINE")
                     ->capture_default_str();
    boot->add_option("--kernel", options->kernel, "Boot this bzImage instead")->type_name("FILE")->excludes(line);
    accept_range(
        boot->add_option("--cpus", request.cpus, "Give the guest N CPUs")->type_name("N")->capture_default_str(), 1U,
        most_cpus);
    accept_range(boot->add_option("--memory", request.memory_mib, "Give the guest this much memory, in MiB")
                     ->type_name("MIB")
                     ->capture_default_str(),
                 64U);
    accept_choices(
        boot->add_option("--accel", options->accelerator, "Emulate or virtualize; auto probes whether KVM really works")
            ->type_name("ACCEL")
            ->capture_default_str(),
        {"auto", "tcg", "kvm"});
    boot->add_flag_callback(
        "--default-boot-line", [options] { options->request.trusted_clock = false; },
        "Leave out the kernel parameters that make an emulated clock good enough for a busy host");
    boot->add_option("--append", request.append, "Append this to the kernel's command line")->type_name("TEXT");
    boot->add_option("--copy-in", options->copy_in, "Copy a file or folder into the guest")
        ->type_name("SRC:DST")
        ->allow_extra_args(false);
    boot->add_option("--env", request.environment, "Set a variable for the command")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    accept_range(boot->add_option("--timeout", request.timeout_seconds, "Kill the machine after SECONDS; 0 is never")
                     ->type_name("SECONDS")
                     ->capture_default_str(),
                 0U);
    accept_choices(boot->add_option("--vendor", options->vendor, "Emulate this vendor's CPUs and counters")
                       ->type_name("VENDOR")
                       ->capture_default_str(),
                   {"intel", "amd"});
    accept_range(boot->add_option("--aperf-ratio", request.aperf_ratio, "Emulate N core cycles in 100 TSC ticks")
                     ->type_name("N"),
                 1, 1000);
    accept_range(boot->add_option("--ipc", request.ipc, "Emulate N instructions in 100 core cycles")->type_name("N"), 1,
                 1000);
    boot->add_option("--tsc-step", request.tsc_step,
                     "Put each CPU's TSC this far ahead of the previous one's; a negative number puts it behind")
        ->type_name("TICKS");
    boot->add_option("--console-log", request.console_log, "Keep the kernel's console output in this file")
        ->type_name("FILE")
        ->default_str("one in the cache");
    auto *icount =
        boot->add_flag("--icount", request.icount, "Let each instruction take exactly one tick of the guest's TSC");
    accept_range(boot->add_option("--turn", request.icount_turn,
                                  "Let a CPU execute N instructions before the next one continues")
                     ->type_name("N")
                     ->needs(icount)
                     ->default_str("10000"),
                 1, 1000000);
    boot->add_flag("--dry-run", request.dry_run, "Print QEMU's command line and do nothing");
    boot->callback([options, &context] { run_boot(context, *options); });
}

} // namespace krun
