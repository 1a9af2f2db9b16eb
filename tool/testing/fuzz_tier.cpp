// SPDX-License-Identifier: MIT
// The fuzzer in the guest.
//
// Theory: a random call is right whatever it returns. What is wrong shows in the kernel's log, if the kernel looks for
// its own mistakes: the configuration debug. The fuzzer only says whether ordinary use still works after it.
#include <fmt/format.h>

#include "build/kernel_build.hpp"
#include "testing/guest_run.hpp"
#include "testing/line_run.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{

namespace
{

constexpr unsigned seconds_to_boot_and_end = 300; // such a kernel is slow

Result<std::filesystem::path> build_fuzzer(TierContext &context)
{
    const auto output = cache_directory() / "fuzz";
    if (const auto made = context.files.make_directories(output); !made)
        return tl::unexpected(made.error());
    Command make;
    make.argv = {"make", "-C", (clone_directory() / "tests/kernel/fuzz").string(), "OUT=" + output.string()};
    make.log = context.log;
    if (const auto built = context.runner.run_ok(make); !built)
        return tl::unexpected(built.error());
    return output / "krun_fuzz";
}

Result<BuiltKernel> build_debug_kernel(TierContext &context, const std::string &line)
{
    BuildRequest request;
    request.line = line;
    request.config = "debug";
    return build_kernel(context.runner, context.files, request);
}

} // namespace

Result<Tally> run_fuzz_tier(TierContext &context, LineRun &line)
{
    const auto fuzzer = build_fuzzer(context);
    if (!fuzzer)
        return tl::unexpected(fuzzer.error());
    const auto kernel = build_debug_kernel(context, line.name());
    if (!kernel)
        return tl::unexpected(kernel.error());
    MachineRequest guest = test_guest(kernel->folder / "vmlinuz");
    guest.cpus = 4;
    guest.memory_mib = 2048;
    guest.timeout_seconds = context.fuzz.seconds + seconds_to_boot_and_end;
    guest.copy_in = {{*fuzzer, "/krun_fuzz"}};
    guest.command = {"/krun_fuzz", fmt::format("{}", context.fuzz.seed), fmt::format("{}", context.fuzz.seconds)};
    say(fmt::format("{} s of random calls on {}, seed {}", context.fuzz.seconds, kernel->release, context.fuzz.seed));
    const auto run = run_guest(context, guest);
    if (!run)
        return tl::unexpected(run.error());
    fmt::print("{}", run->output);
    return tally_of_program(fmt::format("fuzzer with seed {}", context.fuzz.seed), *run);
}

} // namespace krun
