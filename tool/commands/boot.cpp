// SPDX-License-Identifier: MIT
// krunctl boot: a kernel in a virtual machine, one command in it, and that command's output and status.
#include <fmt/format.h>
#include <memory>
#include <optional>

#include "build/kernel_build.hpp"
#include "commands/command.hpp"
#include "machine/guest_image.hpp"
#include "machine/virtual_machine.hpp"
#include "source/kernel_line.hpp"
#include "util/input_file.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{
namespace
{

constexpr const char *help = R"(Boot a kernel in a virtual machine and run a command in it as root

Without CMD there is a shell: on your terminal when stdin is one (Ctrl-] ends the machine), else one that reads its
commands from stdin. With CMD, stdin is passed on to it unless it is a terminal; write </dev/null to keep it.
CMD's stdout and stderr come out here, and nothing else on stdout; krunctl's exit status is CMD's own, or 4 when
the kernel complained on its console. CMD must be in the guest: krunctl and busybox's programs are, --copy-in brings
others with the libraries they need. The guest's kernel console is kept in a file.)";

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
    CLI::App *boot = app.add_subcommand("boot", help);
    auto *line = boot->add_option("--line", options->line, "kernel line to build (or take from the cache) and boot")
                     ->capture_default_str();
    boot->add_option("--kernel", options->kernel, "bzImage to boot instead")->excludes(line);
    boot->add_option("--cpus", request.cpus, "number of CPUs")->capture_default_str()->check(CLI::Range(1U, most_cpus));
    boot->add_option("--memory", request.memory_mib, "memory in MiB")->capture_default_str();
    boot->add_option("--accel", options->accelerator, "auto, tcg or kvm; auto probes whether KVM really works")
        ->check(CLI::IsMember({"auto", "tcg", "kvm"}))
        ->capture_default_str();
    boot->add_flag_callback(
        "--default-boot-line", [options] { options->request.trusted_clock = false; },
        "no kernel parameters that make an emulated clock good enough for a busy host");
    boot->add_option("--append", request.append, "more kernel command line");
    boot->add_option("--copy-in", options->copy_in, "SRC:DST, a file or folder for the guest (repeatable)")
        ->allow_extra_args(false);
    boot->add_option("--env", request.environment, "NAME=VALUE for the command (repeatable)")->allow_extra_args(false);
    boot->add_option("--timeout", request.timeout_seconds, "seconds until the machine is killed; 0: never")
        ->capture_default_str();
    boot->add_option("--vendor", options->vendor, "vendor of the testbed's CPUs, intel or amd, and of their counters")
        ->check(CLI::IsMember({"intel", "amd"}))
        ->capture_default_str();
    boot->add_option("--aperf-ratio", request.aperf_ratio, "core cycles for 100 TSC ticks, in the testbed's CPUs")
        ->check(CLI::Range(1, 1000));
    boot->add_option("--ipc", request.ipc, "instructions for 100 core cycles, in the testbed's CPUs")
        ->check(CLI::Range(1, 1000));
    boot->add_option("--tsc-step", request.tsc_step,
                     "ticks by which each CPU's TSC is ahead of the previous one's, in the testbed's CPUs");
    boot->add_option("--console-log", request.console_log, "file for the kernel's console");
    auto *icount =
        boot->add_flag("--icount", request.icount, "exact: one instruction takes one tick of the guest's TSC");
    boot->add_option("--turn", request.icount_turn, "instructions that a CPU executes before the next one continues")
        ->check(CLI::Range(1, 1000000))
        ->needs(icount);
    boot->add_flag("--dry-run", request.dry_run, "print QEMU's command line and do nothing");
    boot->add_option("CMD", request.command, "command and its arguments, after --");
    boot->callback([options, &context] { run_boot(context, *options); });
}

} // namespace krun
