// SPDX-License-Identifier: MIT
// The tiers that are GoogleTest programs, built beside krunctl.
#include "testing/line_run.hpp"
#include "testing/tier.hpp"

#include "util/paths.hpp"

namespace krun
{

namespace
{

namespace fs = std::filesystem;

Result<Tally> run_gtest(TierContext &context, const std::string &program_of_build,
                        const std::map<std::string, std::string> &environment)
{
    const fs::path program = own_executable().parent_path() / ".." / program_of_build;
    if (!context.files.exists(program))
        return failure("the test program " + program.lexically_normal().string() + " has not been built",
                       "./krun test builds it; by hand: cmake --preset dev && cmake --build --preset dev");
    const fs::path report = context.log.string() + "." + program.filename().string() + ".json";
    if (const auto removed = context.files.remove_all(report); !removed)
        return tl::unexpected(removed.error());
    Command command;
    command.argv = {program.string(), "--gtest_brief=1", "--gtest_output=json:" + report.string()};
    command.environment = environment;
    command.log = context.log;
    const auto result = context.runner.run(command);
    if (!result)
        return tl::unexpected(result.error());
    auto json = context.files.read(report);
    if (!json)
        return failure(program.filename().string() + " died before its report", "", context.log);
    auto tally = tally_of_gtest(*json);
    // A crash after the last test, or in a destructor, is no success either.
    if (tally && !result->ok() && tally->failed == 0)
        tally->fail(program.filename().string() + " ended with status " + std::to_string(result->status));
    return tally;
}

} // namespace

Result<Tally> run_unit_tier(TierContext &context) { return run_gtest(context, "tests/unit/krun_unit_tests", {}); }

Result<Tally> run_command_tier(TierContext &context)
{
    return run_gtest(context, "tests/command/krun_command_tests", {});
}

Result<Tally> run_package_tier(TierContext &context)
{
    return run_gtest(context, "tests/package/krun_package_tests", {});
}

Result<Tally> run_machine_tier(TierContext &context, LineRun &line)
{
    Tally tally;
    const auto kernel = line.kernel(tally);
    if (!kernel)
        return tl::unexpected(kernel.error());
    if (*kernel == nullptr)
        return tally;
    const auto tests = run_gtest(context, "tests/machine/krun_machine_tests",
                                 {{"KRUN_TEST_KERNEL", ((*kernel)->folder / "vmlinuz").string()}});
    if (tests)
        tally += *tests;
    else if (tests.error().code == ExitCode::interrupted)
        return tests;
    else
        tally.fail(tests.error().message); // the build's own results still count
    return tally;
}

} // namespace krun
