// SPDX-License-Identifier: MIT
// The tiers on a real Debian disk in a virtual machine: a kernel is installed there, tried, promoted and removed, as
// its user would do it. They bring what they install: two kernels' packages, and our own.
#include <fmt/format.h>

#include "build/kernel_build.hpp"
#include "package/boot_gate.hpp"
#include "testing/gtest_run.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

constexpr const char *program = "tests/e2e/krun_e2e_tests";
constexpr std::string_view mark_of_step = "e2e: "; // as tests/e2e/transcript.cpp prints them
// A kernel's whole life; what else can happen to it is in the other scenarios.
constexpr const char *life = "Life.AKernelIsTriedPromotedAndRemovedAndThenAllIsAsBefore";

Result<BuiltKernel> build_disk_kernel(TierContext &context)
{
    BuildRequest request;
    request.config = "disk";
    request.package = true;
    return build_kernel(context.runner, context.files, request);
}

// The same without a driver for its disk.
Result<BuiltKernel> build_panicking_kernel(TierContext &context, const BuiltKernel &good)
{
    BuildRequest request;
    request.config = (good.folder / "config").string();
    request.fragments = {clone_directory() / "tests/e2e/panic.config"};
    request.local_version = ".krun.panic";
    request.package = true;
    return build_kernel(context.runner, context.files, request);
}

Result<fs::path> build_tools(TierContext &context)
{
    const auto folder = cache_directory() / "e2e/tools";
    if (auto removed = context.files.remove_all(folder); !removed)
        return tl::unexpected(removed.error());
    Command command;
    command.argv = {(clone_directory() / "packaging/build-debs").string(), folder.string()};
    command.log = context.log;
    if (auto built = context.runner.run_ok(command); !built)
        return tl::unexpected(built.error());
    return folder;
}

Result<fs::path> image_in(TierContext &context, const fs::path &folder)
{
    for (const auto &name : context.files.list(folder).value_or(std::vector<std::string>())) {
        if (name.starts_with("linux-image-") && name.ends_with(".deb"))
            return folder / name;
    }
    return failure(fmt::format("there is no linux-image package in {}", folder.string()));
}

// The gate lets a good kernel pass, and only that.
Result<void> test_gate(TierContext &context, const fs::path &folder, bool good, Tally &tally)
{
    const auto image = image_in(context, folder);
    if (!image)
        return tl::unexpected(image.error());
    const auto gate = boot_gate(context.runner, context.files, *image);
    if (!gate)
        return tl::unexpected(gate.error());
    if (gate->passed == good)
        tally.pass();
    else
        tally.fail(fmt::format("the boot gate of {}: {}", image->filename().string(), gate->detail));
    return {};
}

Result<Tally> run_scenarios(TierContext &context, const std::map<std::string, std::string> &folders,
                            const std::string &filter)
{
    auto environment = folders;
    environment["KRUN_E2E_LOGS"] = (cache_directory() / "logs/e2e").string();
    // A machine takes minutes: what it has come to is shown.
    const auto show = [](const std::string &line) {
        if (line.starts_with(mark_of_step))
            say(line);
    };
    return run_gtest(context, {program, environment, filter, show});
}

} // namespace

Result<Tally> run_install_tier(TierContext &context)
{
    const auto kernel = build_disk_kernel(context);
    if (!kernel)
        return tl::unexpected(kernel.error());
    const auto tools = build_tools(context);
    if (!tools)
        return tl::unexpected(tools.error());
    return run_scenarios(context, {{"KRUN_E2E_KERNEL", kernel->folder.string()}, {"KRUN_E2E_TOOLS", tools->string()}},
                         life);
}

Result<Tally> run_e2e_tier(TierContext &context)
{
    const auto kernel = build_disk_kernel(context);
    if (!kernel)
        return tl::unexpected(kernel.error());
    const auto panicking = build_panicking_kernel(context, *kernel);
    if (!panicking)
        return tl::unexpected(panicking.error());
    const auto tools = build_tools(context);
    if (!tools)
        return tl::unexpected(tools.error());
    Tally tally;
    if (auto gate = test_gate(context, kernel->folder, true, tally); !gate)
        return tl::unexpected(gate.error());
    if (auto gate = test_gate(context, panicking->folder, false, tally); !gate)
        return tl::unexpected(gate.error());
    const auto scenarios = run_scenarios(context,
                                         {{"KRUN_E2E_KERNEL", kernel->folder.string()},
                                          {"KRUN_E2E_PANIC", panicking->folder.string()},
                                          {"KRUN_E2E_TOOLS", tools->string()}},
                                         {});
    if (!scenarios)
        return scenarios;
    tally += *scenarios;
    return tally;
}

} // namespace krun
