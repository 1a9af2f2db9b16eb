// SPDX-License-Identifier: MIT
// krun.ko on kernels that are not patched: built against Debian's headers, or a tree that is compiled here, loaded in a
// guest, and judged by the selftests of the patched kernel, which ask what there is.
#include <fmt/format.h>

#include "build/kernel_make.hpp"
#include "cases/altered_kernel.hpp"
#include "cases/case.hpp"
#include "cases/fuzzer.hpp"
#include "cases/stock_module.hpp"
#include "machine/guest_run.hpp"
#include "self/krunctl.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr unsigned seconds_of_many_loads = 2400;
constexpr unsigned seconds_of_checked_module = 600;

Result<StockKernel> kernel_of(const Case &one)
{
    const auto line = TRY(find_kernel_line(one.files, data_directory(), one.line));
    return stock_kernel(one, line);
}

// What a module is made for.
struct ModuleKernel {
    std::string release;
    fs::path headers; // or tree
    fs::path objects; // of a tree
};

Result<fs::path> module_for(const Case &one, const ModuleKernel &kernel, const fs::path &sources,
                            const std::string &name)
{
    return build_module(one, {sources, kernel.headers, kernel.objects,
                              cache_directory() / "modules" / kernel.release / name, name, one.log});
}

Result<CaseResult> build_modules(const Case &one, const ModuleKernel &kernel, BuiltModule built)
{
    const auto krun = TRY(module_for(one, kernel, data_directory() / "kernel/krun", "krun"));
    const auto bare_call = TRY(module_for(one, kernel, data_directory() / "tests/kernel/module", "bare_call"));
    built.modules.push_back(krun);
    built.bare_call = bare_call;
    CaseResult result;
    result.tally.pass();
    result.facts = facts_of(built);
    return result;
}

// `kernel`: a copy of our folder. Nothing in the tree is changed, and the configuration is not ours.
Result<void> take_krun_out(const Case &one, const fs::path &kernel)
{
    // One hook there must be; this kernel does not need it, and of the others nothing is known.
    TRY(one.files.write(kernel / "hooks/hooks.toml", "[[hook]]\n"
                                                     "name = \"build\"\n"
                                                     "needed = [{ file = \"Makefile\", has = [\"no "
                                                     "kernel has this\"] }]\n"
                                                     "by_itself = \"it is to have nothing of ours\"\n"));
    TRY(one.files.remove_all(kernel / "lines" / one.line / "config/krun.config"));
    for (const char *name : {"krun.config", "tickless.config"}) {
        const auto text = TRY(one.files.read(clone_directory() / "tests/kernel/module/unpatched.config"));
        TRY(one.files.write(kernel / "config" / name, text));
    }
    return {};
}

// Of tests/kernel/module, for the guest.
Result<fs::path> guest_program(const Case &one, const std::string &name)
{
    const auto output = cache_directory() / "modules/programs";
    TRY(one.files.make_directories(output));
    auto program = output / name;
    Command make;
    make.argv = {"make", "-C", (clone_directory() / "tests/kernel/module").string(), "OUT=" + output.string(),
                 program.string()};
    make.log = one.log;
    TRY(one.runner.run_ok(make));
    return program;
}

// It loads the module itself.
Result<CaseResult> run_loader(const Case &one, const std::string &name, MachineRequest guest, const fs::path &module,
                              const std::vector<std::string> &arguments)
{
    const auto program = TRY(guest_program(one, name));
    guest.copy_in = {{program, "/" + name}, {module, "/lib/krun.ko"}};
    guest.command = {"/" + name, "/lib/krun.ko"};
    guest.command.insert(guest.command.end(), arguments.begin(), arguments.end());
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        auto run = TRY(run_guest(one, guest));
        // The kernel's own loader complains when an allocation of its fails.
        std::erase_if(run.kernel_problems,
                      [](const std::string &problem) { return problem.find("vmalloc error") != std::string::npos; });
        CaseResult result;
        result.tally = tally_of_tap(name, run.output);
        result.tally += tally_of_program(name + ": its end and the kernel's log", run);
        return result;
    });
}

} // namespace

Result<CaseResult> run_module_case(const Case &one)
{
    return in_time(one, [&]() -> Result<CaseResult> {
        const auto kernel = TRY(kernel_of(one));
        const auto msr = TRY(stock_module(one, kernel, "arch/x86/kernel/msr"));
        return build_modules(one, {kernel.release, kernel.headers, {}}, {kernel.image, {msr}, {}});
    });
}

Result<CaseResult> run_module_unpatched_case(const Case &one)
{
    if (one.arguments.size() != 1)
        return failure("a configuration is wanted");
    return in_time(one, [&]() -> Result<CaseResult> {
        const auto kernel = build_altered_kernel(one, "unpatched", one.arguments.front(),
                                                 [&](const fs::path &folder) { return take_krun_out(one, folder); });
        if (!kernel)
            return tl::unexpected(kernel.error());
        return build_modules(one, {kernel->release + "-" + one.arguments.front(), kernel->tree, kernel->objects},
                             {kernel->folder / "vmlinuz", {}, {}});
    });
}

Result<CaseResult> run_module_selftest_case(const Case &one)
{
    if (one.arguments.size() < 3)
        return failure("a selftest's name, the line of the selftests, a vendor and perhaps a configuration are wanted");
    const auto &name = one.arguments[0];
    const auto vendor = vendor_named(one.arguments[2]);
    if (!vendor)
        return failure("no vendor of CPUs: " + one.arguments[2]);
    const auto config = one.arguments.size() > 3 ? one.arguments[3] : std::string();
    const auto modules = built_module(one, config);
    if (!modules)
        return not_run(modules.error().message);
    auto guest = selftest_guest(modules->image, cache_directory() / "selftests" / one.arguments[1] / name);
    guest.vendor = *vendor;
    guest.memory_mib = std::max(guest.memory_mib, memory_of_stock_kernels);
    if (config == "debug") {
        const auto checking = checking_guest(modules->image, seconds_of_checked_module);
        guest.memory_mib = checking.memory_mib;
        guest.timeout_seconds = checking.timeout_seconds;
    }
    if (guest.append.empty())
        guest.append = "nohz_full=1-3"; // as a Krun kernel does by itself
    guest = with_modules(std::move(guest), modules->modules);
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto tap = TRY(run_tap_in_guest(one, name, guest));
        CaseResult result;
        result.tally = tap;
        return result;
    });
}

Result<CaseResult> run_module_fuzz_case(const Case &one)
{
    const auto seconds = TRY(seconds_of_fuzzing(one));
    const auto modules = built_module(one, "debug");
    if (!modules)
        return not_run(modules.error().message);
    auto guest = TRY(fuzzing_guest(one, modules->image, "", seconds));
    guest = with_modules(std::move(guest), modules->modules);
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto run = TRY(run_guest(one, guest));
        fmt::print("{}", run.output);
        CaseResult result;
        result.tally = tally_of_program(fmt::format("fuzzer with seed {}, on the module", one.seed), run);
        return result;
    });
}

// krunctl check must be content with what the module does.
Result<CaseResult> run_module_package_case(const Case &one)
{
    const auto kernel = TRY(kernel_of(one));
    const auto module = cache_directory() / "dkms" / kernel.release / "krun.ko";
    if (!one.files.exists(module))
        return not_run("krun-dkms has built no module for " + kernel.release);
    auto guest = test_guest(kernel.image);
    guest.memory_mib = memory_of_stock_kernels;
    guest.command = {"/usr/bin/krunctl", "check", "kernel-identity", "counters", "device"};
    guest = with_modules(std::move(guest), {module});
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto tally = TRY(run_program_in_guest(one, "krunctl check with the package's module", guest));
        CaseResult result;
        result.tally = tally;
        return result;
    });
}

Result<CaseResult> run_module_refused_case(const Case &one)
{
    const auto kernel = built_kernel(one, "disk");
    if (!kernel)
        return not_run(kernel.error().message);
    const auto module =
        module_for(one, {kernel->release, kernel->tree, kernel->objects}, data_directory() / "kernel/krun", "krun");
    if (!module)
        return tl::unexpected(module.error());
    auto guest = test_guest(kernel->folder / "vmlinuz");
    guest.copy_in = {{*module, "/lib/krun.ko"}};
    guest.command = {"/bin/sh", "-c",
                     "insmod /lib/krun.ko && exit 1; test -c /dev/krun && "
                     "dmesg | grep 'krun: this kernel has /dev/krun built in and needs no module'"};
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto run = TRY(run_guest(one, guest));
        CaseResult result;
        result.tally = tally_of_program("a Krun kernel refuses the module", run);
        return result;
    });
}

Result<CaseResult> run_module_load_case(const Case &one)
{
    if (one.arguments.size() != 1)
        return failure("a number of loads is wanted");
    const auto modules = built_module(one);
    if (!modules)
        return not_run(modules.error().message);
    auto guest = test_guest(modules->image);
    guest.memory_mib = memory_of_stock_kernels;
    // One thread for all CPUs: QEMU 7.2's threads may go on executing what another CPU has patched away, and every
    // plan of switches or snapshots patches the scheduler's code.
    guest.icount = true;
    guest.timeout_seconds = seconds_of_many_loads;
    return run_loader(one, "load_test", guest, modules->modules.back(), one.arguments);
}

Result<CaseResult> run_module_init_case(const Case &one)
{
    const auto modules = built_module(one, "debug");
    if (!modules)
        return not_run(modules.error().message);
    return run_loader(one, "init_test", checking_guest(modules->image, seconds_of_checked_module),
                      modules->modules.back(), {});
}

} // namespace krun
