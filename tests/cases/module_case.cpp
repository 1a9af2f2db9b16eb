// SPDX-License-Identifier: MIT
// krun.ko on Debian's own kernels: built against their headers, loaded in a guest, and judged by the selftests of the
// patched kernel, which ask what there is.
#include <fmt/format.h>

#include "build/kernel_module.hpp"
#include "build/selftests.hpp"
#include "cases/case.hpp"
#include "cases/stock_module.hpp"
#include "machine/guest_modules.hpp"
#include "util/paths.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr unsigned seconds_of_many_loads = 2400;

Result<StockKernel> kernel_of(const Case &one)
{
    const auto line = find_kernel_line(one.files, data_directory(), one.line);
    if (!line)
        return tl::unexpected(line.error());
    return stock_kernel(one.runner, one.files, *line);
}

fs::path folder_of(const StockKernel &kernel) { return cache_directory() / "modules" / kernel.release; }

Result<fs::path> built(const Case &one, const StockKernel &kernel, const fs::path &sources, const std::string &name)
{
    return build_module(one.runner, one.files, {sources, kernel.headers, {}, folder_of(kernel) / name, name, one.log});
}

// For the guest.
Result<fs::path> load_test(const Case &one)
{
    const auto output = cache_directory() / "modules/programs";
    if (auto made = one.files.make_directories(output); !made)
        return tl::unexpected(made.error());
    const auto program = output / "load_test";
    Command make;
    make.argv = {"make", "-C", (data_directory() / "tests/kernel/module").string(), "OUT=" + output.string(),
                 program.string()};
    make.log = one.log;
    if (const auto done = one.runner.run_ok(make); !done)
        return tl::unexpected(done.error());
    return program;
}

} // namespace

Result<CaseResult> run_module_case(const Case &one)
{
    return in_time(one, [&]() -> Result<CaseResult> {
        const auto kernel = kernel_of(one);
        if (!kernel)
            return tl::unexpected(kernel.error());
        const auto msr = stock_module(one, *kernel, "arch/x86/kernel/msr");
        if (!msr)
            return tl::unexpected(msr.error());
        const auto krun = built(one, *kernel, data_directory() / "kernel/krun", "krun");
        if (!krun)
            return tl::unexpected(krun.error());
        const auto bare_call = built(one, *kernel, data_directory() / "tests/kernel/module", "bare_call");
        if (!bare_call)
            return tl::unexpected(bare_call.error());
        CaseResult result;
        result.tally.pass();
        result.facts = {{"release", kernel->release},
                        {"image", kernel->image.string()},
                        {"msr", msr->string()},
                        {"krun", krun->string()},
                        {"bare_call", bare_call->string()}};
        return result;
    });
}

Result<CaseResult> run_module_selftest_case(const Case &one)
{
    if (one.arguments.size() != 3)
        return failure("a selftest's name, the line of the selftests and a vendor are wanted");
    const auto &name = one.arguments[0];
    const auto vendor = vendor_named(one.arguments[2]);
    if (!vendor)
        return failure("no vendor of CPUs: " + one.arguments[2]);
    const auto modules = built_module(one);
    if (!modules)
        return not_run(modules.error().message);
    auto guest = selftest_guest(modules->image, cache_directory() / "selftests" / one.arguments[1] / name);
    guest.vendor = *vendor;
    if (guest.append.empty())
        guest.append = "nohz_full=1-3"; // as a Krun kernel does by itself
    guest.memory_mib = std::max(guest.memory_mib, memory_of_stock_kernels);
    guest = with_modules(std::move(guest), modules->modules);
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto tap = run_tap_in_guest(one, name, guest);
        if (!tap)
            return tl::unexpected(tap.error());
        CaseResult result;
        result.tally = *tap;
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
    const auto program = load_test(one);
    if (!program)
        return tl::unexpected(program.error());
    auto guest = test_guest(modules->image);
    guest.memory_mib = memory_of_stock_kernels;
    // One thread for all CPUs: QEMU 7.2's threads may go on executing what another CPU has patched away, and every
    // plan of switches or snapshots patches the scheduler's code.
    guest.icount = true;
    guest.timeout_seconds = seconds_of_many_loads;
    guest.copy_in = {{*program, "/load_test"}, {modules->modules.back(), "/lib/krun.ko"}};
    guest.command = {"/load_test", "/lib/krun.ko", one.arguments.front()};
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto tap = run_tap_in_guest(one, "load_test", guest);
        if (!tap)
            return tl::unexpected(tap.error());
        CaseResult result;
        result.tally = *tap;
        return result;
    });
}

} // namespace krun
