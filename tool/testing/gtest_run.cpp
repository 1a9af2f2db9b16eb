// SPDX-License-Identifier: MIT
// See gtest_run.hpp.
#include "testing/gtest_run.hpp"

#include "util/paths.hpp"

namespace krun
{

namespace fs = std::filesystem;

Result<Tally> run_gtest(TierContext &context, const GtestRun &run)
{
    const fs::path program = own_executable().parent_path() / ".." / run.program;
    if (!context.files.exists(program))
        return failure("the test program " + program.lexically_normal().string() + " has not been built",
                       "./krun test builds it; by hand: cmake --preset dev && cmake --build --preset dev");
    const fs::path report = context.log.string() + "." + program.filename().string() + ".json";
    if (const auto removed = context.files.remove_all(report); !removed)
        return tl::unexpected(removed.error());
    Command command;
    command.argv = {program.string(), "--gtest_brief=1", "--gtest_output=json:" + report.string()};
    if (!run.filter.empty())
        command.argv.push_back("--gtest_filter=" + run.filter);
    command.environment = run.environment;
    command.on_line = run.on_line;
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

} // namespace krun
