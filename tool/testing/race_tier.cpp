// SPDX-License-Identifier: MIT
// The fuzzer on a kernel that looks for data races: the configuration kcsan, which cannot be had together with what the
// configuration debug looks for.
//
// Theory: the kernel watches an address for an instant and reports who else touches it. It has races of its own; ours
// are those that one of our functions takes part in, and all of them have krun in their names. How many addresses were
// watched says whether the search was worth anything.
#include <algorithm>
#include <fmt/format.h>

#include "testing/fuzzer.hpp"
#include "testing/line_run.hpp"

namespace krun
{

namespace
{

bool is_others_race(const std::string &problem)
{
    return problem.find("BUG: KCSAN:") != std::string::npos && problem.find("krun") == std::string::npos;
}

} // namespace

Result<Tally> run_race_tier(TierContext &context, LineRun &line)
{
    const auto kernel = build_checking_kernel(context, line.name(), "kcsan");
    if (!kernel)
        return tl::unexpected(kernel.error());
    auto run = run_fuzzer(context, *kernel, "with-race-reports");
    if (!run)
        return tl::unexpected(run.error());
    fmt::print("{}", run->output);
    const auto others = std::erase_if(run->kernel_problems, is_others_race);
    fmt::print("{} reports of races that krun takes no part in\n", others);
    return tally_of_program(fmt::format("fuzzer with seed {}", context.fuzz.seed), *run);
}

} // namespace krun
