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

constexpr unsigned memory_of_stock_kernels = 1024;

Result<StockKernel> kernel_of(const Case &one)
{
    const auto line = find_kernel_line(one.files, data_directory(), one.line);
    if (!line)
        return tl::unexpected(line.error());
    return stock_kernel(one.runner, one.files, *line);
}

// What the case module-LINE has made.
struct BuiltModule {
    fs::path image;
    std::vector<fs::path> modules; // msr, krun
};

Result<BuiltModule> built_module(const Case &one)
{
    const auto name = "module-" + one.line;
    const auto result = read_result(one.files, result_file(one.results, name));
    if (!result || !result->facts.contains("krun"))
        return host_lacks(name + " has not been built", "ctest builds it first: see docs/testing.md");
    const auto &facts = result->facts;
    return BuiltModule{facts.at("image"), {facts.at("msr"), facts.at("krun")}};
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
        const auto krun = build_module(one.runner, one.files,
                                       {data_directory() / "kernel/krun",
                                        kernel->headers,
                                        {},
                                        cache_directory() / "modules" / kernel->release,
                                        "krun",
                                        one.log});
        if (!krun)
            return tl::unexpected(krun.error());
        CaseResult result;
        result.tally.pass();
        result.facts = {{"release", kernel->release},
                        {"image", kernel->image.string()},
                        {"msr", msr->string()},
                        {"krun", krun->string()}};
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
    const auto built = built_module(one);
    if (!built)
        return not_run(built.error().message);
    auto guest = selftest_guest(built->image, cache_directory() / "selftests" / one.arguments[1] / name);
    guest.vendor = *vendor;
    guest.memory_mib = std::max(guest.memory_mib, memory_of_stock_kernels);
    guest = with_modules(std::move(guest), built->modules);
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto tap = run_tap_in_guest(one, name, guest);
        if (!tap)
            return tl::unexpected(tap.error());
        CaseResult result;
        result.tally = *tap;
        return result;
    });
}

} // namespace krun
