// SPDX-License-Identifier: MIT
// krunctl demo: from nothing to a booted, fully tickless kernel whose counters visibly count; or to Debian's own kernel
// whose counters count by the module.
//
// Everything is measured in the testbed's emulated machine: the counts prove that the kernel works, not how fast any
// hardware is.
#include <chrono>
#include <cstdlib>
#include <future>
#include <memory>
#include <sys/resource.h>

#include <fmt/format.h>

#include "build/kernel_build.hpp"
#include "build/kernel_make.hpp"
#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "machine/guest_run.hpp"
#include "machine/testbed_qemu.hpp"
#include "machine/virtual_machine.hpp"
#include "report/activity_report.hpp"
#include "report/cost_report.hpp"
#include "self/krunctl.hpp"
#include "source/stock_kernel.hpp"
#include "util/process.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

constexpr const char *header_in_guest = "/usr/include/x86_64-linux-gnu/sys/krun-syscall.h";
constexpr int readings = 5;

struct DemoOptions {
    std::string line; // empty: the usual one
    unsigned cpus = 4;
    bool module = false;
    bool json = false;
};

constexpr const char *usual_line = "6.12";
constexpr const char *usual_line_of_module = "6.1"; // Debian 12's
constexpr unsigned memory_of_stock_kernels = 1024;

// What is shown.
struct ShownKernel {
    std::string release;
    std::filesystem::path image;
    std::vector<std::filesystem::path> modules;
    unsigned memory_mib = MachineRequest().memory_mib;
};

MachineRequest guest(const ShownKernel &kernel, std::vector<std::string> command)
{
    MachineRequest request;
    request.kernel = kernel.image;
    request.memory_mib = kernel.memory_mib;
    request.accelerator = Accelerator::tcg;
    request.timeout_seconds = 120;
    // Neither is 100 %, so that counters which were mixed up would show.
    request.aperf_ratio = 130;
    request.ipc = 150;
    request.command = std::move(command);
    return request;
}

// What has been shown, in the words of --json, and whether people see it.
struct Show {
    bool json = false;
    nlohmann::ordered_json report = nlohmann::ordered_json::object();

    void print(const std::string &text) const
    {
        if (json)
            return;
        fmt::print("{}", text);
        std::fflush(stdout);
    }
};

// Runs the command in the guest; false when it failed or the kernel complained.
bool run(Context &context, Show &show, const ShownKernel &kernel, const MachineRequest &request)
{
    const auto &guest = kernel.modules.empty() ? request : with_modules(request, kernel.modules);
    const MachineResult result = unwrap(run_machine(context, guest));
    for (const std::string &problem : result.kernel_problems) {
        show.report["kernel_problems"].push_back(problem);
        show.print(fmt::format("kernel's log: {}\n", problem));
    }
    return result.status == 0 && result.kernel_problems.empty();
}

bool show_check(Context &context, Show &show, const ShownKernel &kernel, const DemoOptions &options)
{
    MachineRequest request = guest(kernel, {"/bin/sh", "-c",
                                            "echo \"uname -r: $(uname -r)\"; echo \"tickless CPUs: "
                                            "$(cat /sys/devices/system/cpu/nohz_full)\"; echo; krunctl check"});
    std::string json;
    if (show.json) {
        request.command = {"/usr/bin/krunctl", "check", "--json"};
        request.on_output = [&json](const std::string &piece) { json += piece; };
    }
    request.cpus = options.cpus;
    request.copy_in = {{data_directory() / "kernel/krun/krun-syscall.h", header_in_guest}};
    say("booting the kernel to verify it");
    const bool good = run(context, show, kernel, request);
    if (auto check = nlohmann::ordered_json::parse(json, nullptr, false); !check.is_discarded())
        show.report["check"] = std::move(check);
    return good;
}

// Each reading as it arrives. False unless all counters have advanced in all of them.
bool show_counters(Context &context, Show &show, const ShownKernel &kernel, const DemoOptions &options)
{
    int seen = 0;
    bool advanced = true;
    const auto take = [&](const std::string &line) {
        const auto json = nlohmann::json::parse(line, nullptr, false);
        if (json.is_discarded()) {
            advanced = false;
            return;
        }
        const ActivityReading reading = activity_from(json);
        seen++;
        show.report["readings"].push_back(nlohmann::ordered_json(json));
        show.print("\n" + activity_table(reading, {}));
        advanced = advanced && reading.cpus.size() == options.cpus && every_counter_advanced(reading);
    };
    std::string pending;
    MachineRequest request = guest(
        kernel, {"/usr/bin/krunctl", "watch", "--json", "--interval", "0.5", "--count", fmt::format("{}", readings)});
    request.cpus = options.cpus;
    request.on_output = [&](const std::string &piece) {
        pending += piece;
        for (std::size_t end = 0; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1))
            take(pending.substr(0, end));
    };
    say("booting the kernel to read its counters");
    return run(context, show, kernel, request) && advanced && seen == readings;
}

bool show_cost(Context &context, Show &show, const ShownKernel &kernel)
{
    std::string output;
    MachineRequest request = guest(kernel, {"/read_cost"});
    request.cpus = 1;
    request.icount = true;
    request.copy_in = {{unwrap(private_program(context.files, "read_cost")), "/read_cost"}};
    request.on_output = [&output](const std::string &piece) { output += piece; };
    say("booting the kernel to count instructions");
    const bool good = run(context, show, kernel, request);
    const auto costs = unwrap(parse_costs(output));
    for (const WayCost &cost : costs) {
        if (cost.cost)
            show.report["instructions_count"][cost.way] = *cost.cost;
    }
    show.print("\n" + cost_table(costs, "guest instructions"));
    return good;
}

class Stopwatch
{
  public:
    [[nodiscard]] double seconds() const
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    }

  private:
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

// Of this process and all its children that have ended.
double cpu_seconds_so_far()
{
    double seconds = 0;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage used = {};
        getrusage(who, &used);
        for (const timeval &time : {used.ru_utime, used.ru_stime})
            seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    }
    return seconds;
}

Result<ShownKernel> make_kernel(const Env &env, const std::string &line)
{
    BuildRequest request;
    request.line = line;
    const auto built = TRY(build_kernel(env, request));
    return ShownKernel{built.release, built.folder / "vmlinuz", {}};
}

Result<ShownKernel> make_module(const Env &env, const std::string &name)
{
    const auto line = TRY(find_kernel_line(env.files, data_directory(), name));
    const auto kernel = TRY(stock_kernel(env, line));
    const auto output = cache_directory() / "modules" / kernel.release / "krun";
    const auto log = cache_directory() / "logs" / ("module-" + kernel.release + ".log");
    const auto module =
        TRY(build_module(env, {data_directory() / "kernel/krun", kernel.headers, {}, output, "krun", log}));
    return ShownKernel{kernel.release, kernel.image, {module}, memory_of_stock_kernels};
}

std::string what_was_built(const ShownKernel &kernel)
{
    return kernel.modules.empty()
               ? fmt::format("built: {} in {}\n\n", kernel.release, kernel.image.parent_path().string())
               : fmt::format("built: {} for Debian's kernel {}\n\n", kernel.modules.front().string(), kernel.release);
}

// The testbed's QEMU is made beside the kernel: unpacking, configuring and linking leave one of two CPUs idle.
ShownKernel build_both(Context &context, const Show &show, const DemoOptions &options, std::vector<PartCost> &costs)
{
    PartRunner qemu_runner(context.runner);
    PartRunner kernel_runner(context.runner);
    double qemu_seconds = 0;
    auto qemu = std::async(std::launch::async, [&] {
        const Stopwatch watch;
        auto made = make_testbed_qemu(Env{qemu_runner, context.files});
        qemu_seconds = watch.seconds();
        if (!made)
            kernel_runner.stop();
        return made;
    });
    const Stopwatch watch;
    const Env env{kernel_runner, context.files};
    auto kernel = options.module ? make_module(env, options.line.empty() ? usual_line_of_module : options.line)
                                 : make_kernel(env, options.line.empty() ? usual_line : options.line);
    const double kernel_seconds = watch.seconds();
    if (kernel)
        show.print(what_was_built(*kernel));
    else
        qemu_runner.stop();
    const auto made = qemu.get();
    // The one that was stopped has nothing to say.
    if (!kernel && (made || kernel.error().code != ExitCode::interrupted))
        throw UserError(kernel.error());
    unwrap(made);
    costs.push_back(
        {options.module ? "fetching Debian's kernel and compiling the module" : "fetching and compiling the kernel",
         kernel_runner.cpu_seconds(), kernel_seconds});
    costs.push_back({"fetching and compiling the testbed's QEMU", qemu_runner.cpu_seconds(), qemu_seconds});
    return *kernel;
}

void demonstrate(Context &context, const DemoOptions &options)
{
    Show show{options.json};
    const Stopwatch whole;
    const char *costs_of_wrapper = std::getenv("KRUN_COSTS");
    auto costs = parse_part_costs(costs_of_wrapper == nullptr ? "" : costs_of_wrapper);
    double wall_seconds = 0;
    for (const PartCost &part : costs)
        wall_seconds += part.wall_seconds;
    const ShownKernel kernel = build_both(context, show, options, costs);
    show.report = {{"kernel", kernel.release}, {"passed", false}};
    const Stopwatch boots;
    const double cpu_seconds_before = cpu_seconds_so_far();
    const bool checked = show_check(context, show, kernel, options);
    const bool counted = show_counters(context, show, kernel, options);
    const bool measured = show_cost(context, show, kernel);
    costs.push_back({"booting it three times", cpu_seconds_so_far() - cpu_seconds_before, boots.seconds()});
    const double all_seconds = wall_seconds + whole.seconds();
    const bool passed = checked && counted && measured;
    show.print("\n" + part_cost_table(costs, all_seconds));
    show.print(
        fmt::format("\n{}: the kernel {}, every counter of every CPU {} over {} readings (emulated by QEMU's TCG)\n",
                    passed ? "PASSED" : "FAILED", checked ? "checks out" : "does NOT check out",
                    counted ? "advanced" : "did NOT advance", readings));
    if (show.json) {
        show.report["passed"] = passed;
        for (const PartCost &cost : costs)
            show.report["parts"].push_back(
                {{"part", cost.part}, {"cpu_s", cost.cpu_seconds}, {"elapsed_s", cost.wall_seconds}});
        show.report["elapsed_s"] = all_seconds;
        print_json(show.report);
    }
    if (!passed)
        context.exit_code = ExitCode::answer_is_no;
}

} // namespace

void add_demo_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("demo", "Build a kernel, boot it, and show its counters");
    auto options = std::make_shared<DemoOptions>();
    value_option(command, "--line", "LINE", options->line, "Build this kernel line")
        ->default_str(fmt::format("{}, with --module {}", usual_line, usual_line_of_module));
    command->add_flag("--module", options->module,
                      "Show Debian's own kernel with the module krun: no kernel is compiled");
    accept_range(value_option(command, "--cpus", "N", options->cpus, "Give the guest N CPUs"), 2U, 64U)
        ->capture_default_str();
    command->add_flag("--json", options->json, "Print one JSON object");
    command->callback([&context, options] { demonstrate(context, *options); });
}

} // namespace krun
