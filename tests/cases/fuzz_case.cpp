// SPDX-License-Identifier: MIT
// Random system calls on kernels that look for their own mistakes: the configuration debug, and kcsan for data races,
// which cannot be had together.
//
// Theory: a random call is right whatever it returns. What is wrong shows in the kernel's log, if the kernel looks for
// its own mistakes. The fuzzer only says whether ordinary use still works after it, and the kernel counts which lines
// of ours were executed: random calls that do not get far prove little. Of the configuration kcsan, only what is
// compiled in krun/ is watched, so every report is ours; how many addresses were watched says whether the search was
// worth anything.
#include <fmt/format.h>

#include "cases/coverage.hpp"
#include "cases/fuzzer.hpp"

namespace krun
{

namespace
{

constexpr double least_executed = 90;                                   // percent of the overlay's lines
constexpr const char *mark_of_faults = "allocations fail now and then"; // as tests/kernel/fuzz/krun_fuzz.c prints it
constexpr unsigned seconds_for_coverage = 100; // in less time random calls do not come everywhere

void judge_coverage(const Case &one, const BuiltKernel &kernel, const CountedOutput &counted, unsigned seconds,
                    Tally &tally)
{
    const auto coverage = coverage_of(one, kernel, counted);
    if (!coverage) { // what the kernel said is known already: it must not get lost
        tally.fail("coverage\n" + coverage.error().message);
        return;
    }
    fmt::print("{}", coverage_table(*coverage));
    if (percent_executed(*coverage) >= least_executed)
        tally.pass("coverage");
    else if (seconds >= seconds_for_coverage)
        tally.fail(fmt::format("coverage\nat least {:.0f} % of the overlay's lines must be executed", least_executed));
}

using Judge = std::function<void(const BuiltKernel &, const GuestRun &, unsigned seconds, Tally &)>;

Result<CaseResult> fuzz(const Case &one, const std::string &config, const std::string &wrapper, const Judge &judge)
{
    const auto seconds = TRY(seconds_of_fuzzing(one));
    const auto kernel = built_kernel(one, config);
    if (!kernel)
        return not_run(kernel.error().message);
    const auto guest = TRY(fuzzing_guest(one, kernel->folder / "vmlinuz", wrapper, seconds));
    return unless_proven(one, CaseInputs().add_guest(guest), [&]() -> Result<CaseResult> {
        const auto run = TRY(run_guest(one, guest));
        CaseResult result;
        result.tally = tally_of_program(fmt::format("fuzzer with seed {}", one.seed), run);
        judge(*kernel, run, seconds, result.tally);
        return result;
    });
}

} // namespace

Result<CaseResult> run_fuzz_case(const Case &one)
{
    return fuzz(one, "debug", "with-coverage",
                [&](const BuiltKernel &kernel, const GuestRun &run, unsigned seconds, Tally &tally) {
                    const auto counted = split_counted_output(run.output);
                    fmt::print("{}", counted.output);
                    if (counted.output.find(mark_of_faults) == std::string::npos)
                        tally.fail("fuzzer: no allocation was made to fail");
                    judge_coverage(one, kernel, counted, seconds, tally);
                });
}

Result<CaseResult> run_race_case(const Case &one)
{
    return fuzz(one, "kcsan", "with-race-reports",
                [](const BuiltKernel &, const GuestRun &run, unsigned, Tally &) { fmt::print("{}", run.output); });
}

} // namespace krun
