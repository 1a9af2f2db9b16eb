// SPDX-License-Identifier: MIT
// The fuzzer on a kernel that looks for data races: the configuration kcsan, which cannot be had together with what the
// configuration debug looks for.
//
// Theory: the kernel watches an address for an instant and reports who else touches it. Only what is compiled in krun/
// is watched, so every report is ours, whatever the function is called. How many addresses were watched says whether
// the search was worth anything.
#include <fmt/format.h>

#include "testing/fuzzer.hpp"
#include "testing/line_run.hpp"

namespace krun
{

Result<Tally> run_race_tier(TierContext &context, LineRun &line)
{
    const auto kernel = build_checking_kernel(context, line.name(), "kcsan");
    if (!kernel)
        return tl::unexpected(kernel.error());
    const auto run = run_fuzzer(context, *kernel, "with-race-reports");
    if (!run)
        return tl::unexpected(run.error());
    fmt::print("{}", run->output);
    return tally_of_program(fmt::format("fuzzer with seed {}", context.fuzz.seed), *run);
}

} // namespace krun
