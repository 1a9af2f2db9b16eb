// SPDX-License-Identifier: MIT

#include "machine/virtual_machine.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <fstream>
#include <string_view>
#include <unistd.h>

#include "machine/accelerator.hpp"
#include "machine/console_log.hpp"
#include "machine/guest_image.hpp"
#include "machine/machine_session.hpp"
#include "machine/qemu_arguments.hpp"
#include "machine/qemu_process.hpp"
#include "machine/testbed_qemu.hpp"
#include "self/krunctl.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

namespace fs = std::filesystem;

constexpr std::size_t flag_at = 0x1fe, magic_at = 0x202, version_pointer_at = 0x20e, load_flags_at = 0x236;
constexpr unsigned boot_flag = 0xaa55;

// The header's part of the file and the version's text behind it, which lies in the first 32 KiB.
std::string head_of(const fs::path &kernel)
{
    std::string head(0x8000, '\0');
    std::ifstream stream(kernel, std::ios::binary);
    stream.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(stream.gcount()));
    return head;
}

unsigned word_at(std::string_view head, std::size_t at)
{
    return static_cast<unsigned char>(head[at]) | static_cast<unsigned>(static_cast<unsigned char>(head[at + 1])) << 8U;
}

constexpr std::size_t console_lines_shown = 20;

GuestInput input_for(const MachineRequest &request)
{
    if (!request.pass_input)
        return GuestInput::none;
    if (isatty(STDIN_FILENO) == 0)
        return GuestInput::pipe;
    return request.command.empty() ? GuestInput::terminal : GuestInput::none;
}

std::string path_of_system_qemu()
{
    for (const char *folder : {"/usr/local/bin", "/usr/bin", "/bin"}) {
        const fs::path candidate = fs::path(folder) / system_qemu_name;
        if (access(candidate.c_str(), X_OK) == 0)
            return candidate.string();
    }
    return system_qemu_name;
}

// Newer kernels ask for less, and see the CPU as it has always been here.
bool wants_invariant_tsc(const fs::path &kernel)
{
    return numbers_of(kernel_release(kernel).value_or(std::string("9"))) < std::vector<unsigned long>{4, 11};
}

// The program and its features; the testbed's is built now, unless only its name is needed.
Result<QemuSetup> choose_qemu(const Env &env, const MachineRequest &request)
{
    const auto choice = TRY(choose_accelerator(
        request, [] { return probe_kvm(); }, [] { return program_on_path(system_qemu_name); }));
    if (!choice.note.empty())
        say(choice.note);
    QemuSetup setup;
    setup.kvm = choice.kvm;
    if (setup.kvm) {
        setup.qemu = path_of_system_qemu();
        return setup;
    }
    setup.counters = request.pmu_model;
    setup.host_tsc_khz = measured_tsc_khz();
    setup.invariant_tsc = setup.counters && wants_invariant_tsc(request.kernel);
    const auto qemu = TRY(request.dry_run ? testbed_qemu_folder(env).map(testbed_qemu_in) : make_testbed_qemu(env));
    setup.qemu = qemu.program;
    setup.firmware = qemu.firmware;
    return setup;
}

void show_end_of_console(const std::string &console)
{
    if (console.empty()) {
        say("the guest's console is empty: the kernel did not get as far as its first line");
        return;
    }
    say(fmt::format("the end of the guest's console:\n{}", last_lines(console, console_lines_shown)));
}

// What to report if there is no status of the command.
tl::unexpected<Error> no_status(const MachineRequest &request, const SessionEnd &end, const fs::path &console_log,
                                const std::string &console, const std::string &qemu)
{
    if (end.timed_out) {
        show_end_of_console(console);
        return failure(fmt::format("the guest {} within {} s", end.greeted ? "did not end its command" : "did not boot",
                                   request.timeout_seconds),
                       "give it more time with --timeout, or look at the log", console_log.string());
    }
    if (const std::string panic = panic_line(console); !panic.empty()) {
        show_end_of_console(console);
        return failure(fmt::format("the guest's kernel died: {}", panic), {}, console_log.string());
    }
    if (end.qemu_status != 0)
        return failure(fmt::format("QEMU failed with status {}{}", end.qemu_status,
                                   qemu.empty() ? "" : ": " + last_lines(qemu, 1)),
                       {}, console_log.string());
    show_end_of_console(console);
    return failure(
        end.greeted ? "the guest stopped before its command ended" : "the guest stopped before it reached its init",
        end.greeted ? "" : "the kernel must have serial ports, an initramfs and gzip built in", console_log.string());
}

// The console is read again after the run, so that it must be kept in a file. A pipe or a device that it is wanted in
// gets it from there.
bool is_no_file(const fs::path &log)
{
    std::error_code none;
    const auto status = fs::status(log, none);
    return !log.empty() && fs::exists(status) && !fs::is_regular_file(status);
}

Result<fs::path> place_of_console_log(Filesystem &files, const MachineRequest &request, const fs::path &folder)
{
    if (request.console_log.empty())
        return new_console_log(files);
    if (fs::is_directory(request.console_log))
        return usage_error(fmt::format("--console-log: {} is a folder", request.console_log.string()));
    return is_no_file(request.console_log) ? folder / "console.log" : request.console_log;
}

Result<MachineResult> run_qemu(Filesystem &files, MachineRequest request, QemuSetup setup, GuestInput input,
                               const fs::path &folder, const fs::path &console_log)
{
    QemuStart start{{}, folder / "qemu.log", console_log, confinement_in(folder, setup.kvm)};
    if (start.confinement)
        TRY(move_in(files, *start.confinement, request, setup));
    start.argv = qemu_arguments(request, setup);
    auto qemu = TRY(QemuProcess::start(start));
    SessionRequest wanted{input, {}, request.on_output, request.on_errors};
    if (request.timeout_seconds != 0)
        wanted.timeout = std::chrono::seconds(request.timeout_seconds);
    const auto end = TRY(run_session(qemu, wanted));
    const std::string console = files.read(console_log).value_or("");
    // Now that all is in it. What cannot be written there is lost, which is said, but no reason to lose the result too.
    if (is_no_file(request.console_log)) {
        if (const auto passed_on = files.write(request.console_log, console); !passed_on)
            say("the guest's console: " + passed_on.error().message);
    }
    if (!end.status && end.interrupted)
        return interrupted();
    // The kernel goes on with the files that it could unpack.
    if (console.find("Initramfs unpacking failed: write error") != std::string::npos)
        return failure(fmt::format("{} MiB of memory are too little for the guest's files", request.memory_mib),
                       "give it more with --memory", console_log.string());
    if (!end.status)
        return no_status(request, end, console_log, console, trim(files.read(start.log).value_or("")));
    return MachineResult{*end.status, console_problems(console), console_log};
}

} // namespace

Result<void> check_kernel_image(const fs::path &kernel)
{
    std::error_code ignored;
    if (!fs::is_regular_file(kernel, ignored))
        return usage_error(fmt::format("there is no kernel image {}", kernel.string()));
    const std::string head = head_of(kernel);
    if (head.size() <= load_flags_at + 1 || word_at(head, flag_at) != boot_flag ||
        head.compare(magic_at, 4, "HdrS") != 0)
        return usage_error(fmt::format("{} is not an x86 kernel image (bzImage)", kernel.string()),
                           "give arch/x86/boot/bzImage of a build folder, or a file /boot/vmlinuz-*");
    if ((word_at(head, load_flags_at) & 1U) == 0)
        return usage_error(fmt::format("{} is a 32-bit kernel; only 64-bit ones are supported", kernel.string()));
    return {};
}

Result<std::string> kernel_release(const fs::path &kernel)
{
    TRY(check_kernel_image(kernel));
    const std::string head = head_of(kernel);
    const std::size_t at = word_at(head, version_pointer_at) + 0x200U;
    if (at == 0x200 || at >= head.size())
        return failure(fmt::format("{} does not say its version", kernel.string()));
    return head.substr(at, head.find_first_of(std::string_view(" \0", 2), at) - at);
}

std::optional<CpuVendor> vendor_named(const std::string &name)
{
    if (name == "intel")
        return CpuVendor::intel;
    return name == "amd" ? std::optional(CpuVendor::amd) : std::nullopt;
}

Result<void> check_machine_size(const MachineRequest &request)
{
    if (request.cpus < 1 || request.cpus > most_cpus)
        return usage_error(fmt::format("a machine has 1 to {} CPUs, not {}", most_cpus, request.cpus));
    if (request.memory_mib < 64)
        return usage_error(fmt::format("{} MiB of memory are too little to boot", request.memory_mib),
                           "give at least --memory 64");
    return {};
}

Result<MachineResult> run_machine(const Env &env, const MachineRequest &request, GuestFiles *gathered)
{
    const bool not_built_yet = request.dry_run && !env.files.exists(request.kernel);
    if (!not_built_yet) {
        TRY(check_machine_size(request));
        TRY(check_kernel_image(request.kernel));
    }
    std::optional<GuestFiles> own;
    if (gathered == nullptr && !request.dry_run)
        gathered = &own.emplace(TRY(gather_guest_files(env, request)));
    auto setup = TRY(choose_qemu(env, request));
    if (request.dry_run) {
        setup.initrd = example_of_run_folder() / "initrd";
        Command command;
        command.argv = qemu_arguments(request, setup);
        std::puts(quoted(command).c_str());
        return MachineResult{};
    }
    const auto console_log = TRY(place_of_console_log(env.files, request, gathered->folder.path()));
    const GuestInput input = input_for(request);
    MachineRequest complete = request;
    if (const char *terminal = std::getenv("TERM"); terminal != nullptr && input == GuestInput::terminal)
        complete.environment.insert(complete.environment.begin(), std::string("TERM=") + terminal);
    setup.initrd = TRY(make_guest_image(env, complete, input, *gathered));
    if (input == GuestInput::terminal)
        say("starting a shell in the guest; `exit` or Ctrl-] ends the machine");
    return run_qemu(env.files, std::move(complete), std::move(setup), input, gathered->folder.path(), console_log);
}

} // namespace krun
