// SPDX-License-Identifier: MIT
// See gtest_run.hpp.
#include "cases/gtest_run.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "util/text.hpp"

namespace krun
{

namespace fs = std::filesystem;

namespace
{

// The first line that says something, of GTEST_SKIP() << "..." too.
std::string reason(const std::string &text)
{
    for (const auto &line : lines_of(text))
        if (!trim(line).empty() && line.find(".cpp:") == std::string::npos)
            return ": " + trim(line);
    return "";
}

std::string why_of(const nlohmann::json &list)
{
    if (!list.is_array() || list.empty())
        return "";
    const auto &first = list.front();
    return reason(first.is_object() ? first.value("failure", first.value("message", "")) : "");
}

Result<CaseResult> result_of_gtest(const Case &one, const GtestRun &run)
{
    auto tally = TRY(run_gtest(one, run));
    CaseResult result;
    result.tally = std::move(tally);
    return result;
}

} // namespace

Result<Tally> run_gtest(const Case &one, const GtestRun &run)
{
    const fs::path program = one.programs / run.program;
    if (!one.files.exists(program))
        return failure("the test program " + program.lexically_normal().string() + " has not been built",
                       "./krun test builds it; by hand: cmake --preset release && cmake --build --preset release");
    const fs::path report = one.log.string() + "." + program.filename().string() + ".json";
    TRY(one.files.remove_all(report));
    Command command;
    command.argv = run.under;
    command.argv.insert(command.argv.end(),
                        {program.string(), "--gtest_brief=1", "--gtest_output=json:" + report.string()});
    if (!run.filter.empty())
        command.argv.push_back("--gtest_filter=" + run.filter);
    command.environment = run.environment;
    command.on_line = run.on_line;
    command.log = one.log;
    const auto result = TRY(one.runner.run(command));
    auto json = one.files.read(report);
    if (!json)
        return failure(program.filename().string() + " died before its report", "", one.log);
    auto tally = tally_of_gtest(*json);
    // A crash after the last test, or in a destructor, is no success either.
    if (tally && !result.ok() && tally->failed == 0)
        tally->fail(program.filename().string() + " ended with status " + std::to_string(result.status));
    return tally;
}

Result<Tally> tally_of_gtest(const std::string &json)
{
    Tally tally;
    try {
        const auto report = nlohmann::json::parse(json);
        for (const auto &suite : report.at("testsuites"))
            for (const auto &test : suite.at("testsuite")) {
                const std::string name =
                    fmt::format("{}.{}", suite.at("name").get<std::string>(), test.at("name").get<std::string>());
                if (test.contains("failures"))
                    tally.fail(name + why_of(test.at("failures")));
                else if (test.at("result") == "SKIPPED")
                    tally.skip(name + why_of(test.value("skipped", nlohmann::json())));
                else if (test.at("status") == "RUN")
                    tally.pass(name);
            }
    } catch (const nlohmann::json::exception &error) {
        return failure(std::string("the test program's report is not readable: ") + error.what());
    }
    return tally;
}

// Shards of one program run beside one another.
Result<CaseResult> run_gtest_case(const Case &one)
{
    if (one.arguments.empty())
        return failure("a GoogleTest program is wanted");
    GtestRun run{one.arguments.front(), {}, {}};
    if (one.arguments.size() > 1) {
        const auto parts = split(one.arguments[1], '/');
        if (parts.size() != 2 || parts[0].empty() || parts[0] < "1")
            return failure("NUMBER/SHARDS is wanted, not " + one.arguments[1]);
        run.environment = {{"GTEST_SHARD_INDEX", std::to_string(std::stoul(parts[0]) - 1)},
                           {"GTEST_TOTAL_SHARDS", parts[1]}};
    }
    return in_time(one, [&] { return result_of_gtest(one, run); });
}

// Without arguments, the tests that need no more than the usual kernel.
Result<CaseResult> run_machine_case(const Case &one)
{
    const bool is_usual = one.arguments.empty();
    const auto kernel = built_kernel(one, is_usual ? "vm" : one.arguments.front());
    if (!kernel)
        return not_run(kernel.error().message);
    const GtestRun run{"machine/krun_machine_tests",
                       {{"KRUN_TEST_KERNEL", (kernel->folder / "vmlinuz").string()}},
                       one.arguments.size() > 1 ? one.arguments[1] : "-SuspendInGuest.*"};
    CaseInputs inputs;
    inputs.add(run.filter).add_guest(test_guest(kernel->folder / "vmlinuz")).add_file(one.programs / run.program);
    return unless_proven(one, inputs, [&] { return result_of_gtest(one, run); });
}

} // namespace krun
