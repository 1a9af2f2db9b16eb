// SPDX-License-Identifier: MIT
// A kernel that looks for its own mistakes in the guest: the configuration debug, under the selftest that makes
// allocations fail and under the fuzzer.
//
// Theory: a random call is right whatever it returns. What is wrong shows in the kernel's log, if the kernel looks for
// its own mistakes. The fuzzer only says whether ordinary use still works after it, and the kernel counts which lines
// of ours were executed: random calls that do not get far prove little.
#include <fmt/format.h>

#include "testing/coverage.hpp"
#include "testing/fuzzer.hpp"
#include "testing/kernel_programs.hpp"
#include "testing/line_run.hpp"
#include "util/progress.hpp"

namespace krun
{

namespace
{

constexpr unsigned seconds_of_selftest = 600;
constexpr double least_executed = 90;                                   // percent of the overlay's lines
constexpr const char *mark_of_faults = "allocations fail now and then"; // as tests/kernel/fuzz/krun_fuzz.c prints it
constexpr unsigned seconds_for_coverage = 100; // in less time random calls do not come everywhere

Result<Tally> test_selftests(TierContext &context, const std::string &line, const BuiltKernel &kernel)
{
    const auto programs = build_kernel_programs(context, line, kernel);
    if (!programs)
        return tl::unexpected(programs.error());
    std::vector<std::filesystem::path> selftests = {programs->fault_test};
    if (context.fuzz.soak)
        selftests.insert(selftests.end(), programs->selftests.begin(), programs->selftests.end());
    Tally tally;
    for (const auto &program : selftests) {
        const std::string name = program.filename().string();
        say(fmt::format("{} on {}", name, kernel.release));
        MachineRequest guest = checking_guest(kernel, seconds_of_selftest);
        guest.copy_in = {{program, "/" + name}};
        guest.command = {"/" + name};
        const auto one = run_tap_in_guest(context, name, guest);
        if (!one)
            return one;
        tally += *one;
    }
    if (tally.skipped != 0)
        tally.fail("the configuration debug lacks what a selftest needs");
    return tally;
}

Result<Tally> judge_coverage(TierContext &context, const BuiltKernel &kernel, const CountedOutput &counted)
{
    const auto coverage = coverage_of(context, kernel, counted);
    if (!coverage)
        return tl::unexpected(coverage.error());
    fmt::print("{}", coverage_table(*coverage));
    Tally tally;
    if (percent_executed(*coverage) >= least_executed)
        tally.pass();
    else if (context.fuzz.seconds >= seconds_for_coverage)
        tally.fail(fmt::format("coverage: at least {:.0f} % of the overlay's lines must be executed", least_executed));
    return tally;
}

Result<Tally> fuzz(TierContext &context, const BuiltKernel &kernel)
{
    const auto run = run_fuzzer(context, kernel, "with-coverage");
    if (!run)
        return tl::unexpected(run.error());
    const auto counted = split_counted_output(run->output);
    fmt::print("{}", counted.output);
    Tally tally = tally_of_program(fmt::format("fuzzer with seed {}", context.fuzz.seed), *run);
    if (counted.output.find(mark_of_faults) == std::string::npos)
        tally.fail("fuzzer: no allocation was made to fail");
    // What the kernel said is known already: it must not get lost.
    if (const auto coverage = judge_coverage(context, kernel, counted))
        tally += *coverage;
    else
        tally.fail("coverage: " + coverage.error().message);
    return tally;
}

} // namespace

Result<Tally> run_fuzz_tier(TierContext &context, LineRun &line)
{
    const auto kernel = build_checking_kernel(context, line.name(), "debug");
    if (!kernel)
        return tl::unexpected(kernel.error());
    auto tally = test_selftests(context, line.name(), *kernel);
    if (!tally)
        return tally;
    const auto fuzzed = fuzz(context, *kernel);
    if (!fuzzed)
        return fuzzed;
    *tally += *fuzzed;
    return tally;
}

} // namespace krun
