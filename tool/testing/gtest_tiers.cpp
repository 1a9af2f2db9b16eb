// SPDX-License-Identifier: MIT
// The tiers that are GoogleTest programs, built beside krunctl.
#include "testing/gtest_run.hpp"
#include "testing/line_run.hpp"

namespace krun
{

Result<Tally> run_unit_tier(TierContext &context) { return run_gtest(context, {"tests/unit/krun_unit_tests", {}, {}}); }

Result<Tally> run_command_tier(TierContext &context)
{
    return run_gtest(context, {"tests/command/krun_command_tests", {}, {}});
}

Result<Tally> run_package_tier(TierContext &context)
{
    return run_gtest(context, {"tests/package/krun_package_tests", {}, {}});
}

Result<Tally> run_machine_tier(TierContext &context, LineRun &line)
{
    Tally tally;
    const auto kernel = line.kernel(tally);
    if (!kernel)
        return tl::unexpected(kernel.error());
    if (*kernel == nullptr)
        return tally;
    const auto tests = run_gtest(
        context,
        {"tests/machine/krun_machine_tests", {{"KRUN_TEST_KERNEL", ((*kernel)->folder / "vmlinuz").string()}}, {}});
    if (tests)
        tally += *tests;
    else if (tests.error().code == ExitCode::interrupted)
        return tests;
    else
        tally.fail(tests.error().message); // the build's own results still count
    return tally;
}

} // namespace krun
