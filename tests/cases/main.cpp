// SPDX-License-Identifier: MIT
// krun_test_case: what CTest runs for each of its cases. Exit 0: passed; 77: not run, the reason is printed; 130:
// interrupted; else failed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cases/case.hpp"
#include "self/krunctl.hpp"
#include "util/own_process.hpp"

namespace
{

using namespace krun;

constexpr int not_run_code = 77; // CTest's SKIP_RETURN_CODE

constexpr CaseKind kinds[] = {{"gtest", run_gtest_case},
                              {"testbed", run_testbed_case},
                              {"style", run_style_case},
                              {"sources", run_sources_case},
                              {"model", run_model_case},
                              {"kernel", run_kernel_case},
                              {"programs", run_programs_case},
                              {"boot", run_boot_case},
                              {"selftest", run_selftest_case},
                              {"check", run_check_case},
                              {"commands", run_commands_case},
                              {"cost", run_cost_case},
                              {"machine", run_machine_case},
                              {"fuzz", run_fuzz_case},
                              {"race", run_race_case},
                              {"tools", run_tools_case},
                              {"disk", run_disk_case},
                              {"version1", run_version1_case},
                              {"variant", run_variant_case},
                              {"module", run_module_case},
                              {"module-unpatched", run_module_unpatched_case},
                              {"module-fuzz", run_module_fuzz_case},
                              {"module-selftest", run_module_selftest_case},
                              {"module-package", run_module_package_case},
                              {"module-refused", run_module_refused_case},
                              {"module-cost", run_module_cost_case},
                              {"module-load", run_module_load_case},
                              {"module-init", run_module_init_case},
                              {"sanitize", run_sanitize_case}};

// What the runner tells us is not for the programs that we run: among them may be another of us.
std::string taken_from_environment(const char *name, const std::string &otherwise)
{
    const char *value = std::getenv(name);
    std::string text = value == nullptr ? otherwise : value;
    unsetenv(name);
    return text;
}

std::uint64_t taken_number(const char *name, const std::string &otherwise)
{
    return std::strtoull(taken_from_environment(name, otherwise).c_str(), nullptr, 10);
}

void print(const CaseResult &result)
{
    for (const auto &name : result.tally.skips)
        fmt::print("skipped: {}\n", name);
    for (const auto &name : result.tally.failures)
        fmt::print("FAILED: {}\n", name);
    if (!result.not_run.empty())
        fmt::print("not run: {}\n", result.not_run);
    fmt::print("{}{}\n", summary(result.tally), result.proven_before ? ", proven before for exactly these inputs" : "");
}

int status_of(const CaseResult &result)
{
    if (!result.not_run.empty())
        return not_run_code;
    if (result.tally.failed != 0)
        return 1;
    return result.tally.passed != 0 ? 0 : not_run_code;
}

int run(const Case &one, const CaseKind &kind)
{
    for (const auto &file : {one.log, result_file(one.results, one.name)})
        if (auto removed = one.files.remove_all(file); !removed)
            fmt::print(stderr, "{}\n", removed.error().message);
    auto result = kind.run(one);
    if (!result && result.error().code == ExitCode::interrupted)
        return static_cast<int>(ExitCode::interrupted);
    if (!result) {
        CaseResult failed;
        const auto &error = result.error();
        failed.tally.fail(error.message + (error.log.empty() ? "" : " (log: " + error.log + ")"));
        result = failed;
    }
    print(*result);
    const auto file = result_file(one.results, one.name);
    if (auto made = one.files.make_directories(file.parent_path()); !made)
        fmt::print(stderr, "{}\n", made.error().message);
    if (auto written = one.files.write(file, to_json(*result).dump(2) + "\n"); !written) {
        fmt::print(stderr, "{}\n", written.error().message);
        return 1;
    }
    return status_of(*result);
}

int run_case(int argc, char **argv)
{
    const auto programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
    act_for((programs / "../tool/krunctl").lexically_normal());
    SystemProcessRunner runner;
    SystemFilesystem files;
    const std::filesystem::path results =
        taken_from_environment("KRUN_TEST_RESULTS", (cache_directory() / "logs/tests").string());
    CLI::App app("Runs one case of the tests: see docs/testing.md.");
    std::string name;
    std::string line;
    std::string kind;
    std::vector<std::string> arguments;
    unsigned seconds = 0;
    app.add_option("--name", name, "the case's name")->required();
    app.add_option("--line", line, "kernel line");
    app.add_option("--seconds", seconds, "what it takes on a slow machine");
    app.add_option("kind", kind)->required();
    app.add_option("arguments", arguments);
    CLI11_PARSE(app, argc, argv);
    const auto *chosen =
        std::find_if(std::begin(kinds), std::end(kinds), [&](const CaseKind &one) { return kind == one.name; });
    if (chosen == std::end(kinds)) {
        fmt::print(stderr, "there is no kind of case called {}\n", kind);
        return static_cast<int>(ExitCode::usage);
    }
    Case one{{Env{runner, files}, results / (name + ".log")},
             name,
             line,
             arguments,
             std::chrono::seconds(seconds),
             results,
             programs};
    one.seed = taken_number("KRUN_TEST_SEED", "1");
    one.again = taken_number("KRUN_TEST_AGAIN", "0") != 0;
    one.deadline = static_cast<std::time_t>(taken_number("KRUN_TEST_DEADLINE", "0"));
    one.sources = sources_in(taken_from_environment("KRUN_TEST_SOURCES", ""));
    return run(one, *chosen);
}

} // namespace

int main(int argc, char **argv)
{
    open_standard_streams();
    install_interrupt_handlers();
    try {
        return run_case(argc, argv);
    } catch (const UserError &error) { // a cache that is not ours
        fmt::print(stderr, "{}\n", error.what());
        return static_cast<int>(error.error().code);
    }
}
