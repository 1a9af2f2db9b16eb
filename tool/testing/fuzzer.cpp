// SPDX-License-Identifier: MIT
// See fuzzer.hpp.
#include "testing/fuzzer.hpp"

#include <fmt/format.h>

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

} // namespace

Result<BuiltKernel> build_checking_kernel(TierContext &context, const std::string &line, const std::string &config)
{
    BuildRequest request;
    request.line = line;
    request.config = config;
    return build_kernel(context.runner, context.files, request);
}

MachineRequest checking_guest(const BuiltKernel &kernel, unsigned seconds)
{
    MachineRequest guest = test_guest(kernel.folder / "vmlinuz");
    guest.cpus = 4;
    guest.memory_mib = 2048;
    guest.timeout_seconds = seconds + seconds_to_boot_and_end;
    return guest;
}

Result<GuestRun> run_fuzzer(TierContext &context, const BuiltKernel &kernel, const std::string &wrapper)
{
    const auto fuzzer = build_fuzzer(context);
    if (!fuzzer)
        return tl::unexpected(fuzzer.error());
    MachineRequest guest = checking_guest(kernel, context.fuzz.seconds);
    guest.copy_in = {{*fuzzer, "/krun_fuzz"}, {clone_directory() / "tests/kernel/fuzz" / wrapper, "/" + wrapper}};
    guest.command = {"/" + wrapper, "/krun_fuzz", fmt::format("{}", context.fuzz.seed),
                     fmt::format("{}", context.fuzz.seconds)};
    say(fmt::format("{} s of random calls on {}, seed {}", context.fuzz.seconds, kernel.release, context.fuzz.seed));
    return run_guest(context, guest);
}

} // namespace krun
