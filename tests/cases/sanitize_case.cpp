// SPDX-License-Identifier: MIT
// The tests of libkruncounters with a checker of memory or threads: built with a sanitizer, or as released and run by
// valgrind.
//
// Theory: a checker that is silent proves something only if it would have spoken. So it is shown faults first, whose
// wrong access is made by the library itself (tests/library/faults), and must find each.
#include <algorithm>

#include <fmt/format.h>

#include "cases/case.hpp"
#include "cases/gtest_run.hpp"
#include "cases/sanitizer_output.hpp"
#include "self/krunctl.hpp"

namespace krun
{

namespace
{

constexpr const char *tests_program = "library/krun_library_tests";
constexpr const char *faults_program = "library/faults/krun_library_faults";

constexpr std::size_t most_findings = 5; // that are named: one mistake can be found in every test

struct PlantedFault {
    std::string name;    // as krun_library_faults knows it
    std::string finding; // part of what must be said
    std::string place;   // a function of the library, which the report must name
};

struct Sanitizer {
    std::string name;
    bool has_preset = false; // CMake's, of the same name
    std::vector<std::string> under;
    std::map<std::string, std::string> environment;
    std::vector<PlantedFault> faults;
};

// Everything counts as an error, and an error as a failure.
std::vector<Sanitizer> sanitizers()
{
    return {{"asan",
             true,
             {},
             {{"ASAN_OPTIONS", "detect_stack_use_after_return=1:strict_string_checks=1"},
              {"UBSAN_OPTIONS", "print_stacktrace=1"}},
             {{"beyond", "heap-buffer-overflow", "krunc_difference"},
              {"misaligned", "misaligned address", "krunc_difference"},
              {"lost", "detected memory leaks", "krunc_open"}}},
            {"tsan", true, {}, {{"TSAN_OPTIONS", "second_deadlock_stack=1"}}, {{"race", "data race", "krunc_judge"}}},
            {"valgrind",
             false,
             {"valgrind", "--error-exitcode=1", "--leak-check=full", "--errors-for-leak-kinds=definite"},
             {},
             {{"beyond", "Invalid read", "krunc_difference"},
              {"unset", "depends on uninitialised value", "krunc_difference"},
              {"lost", "definitely lost", "krunc_open"}}}};
}

Result<void> build_preset(const Case &one, const Sanitizer &sanitizer)
{
    Command configure;
    configure.argv = {"cmake", "--preset", sanitizer.name};
    configure.directory = clone_directory();
    configure.log = one.log;
    auto make = configure;
    make.argv = {"cmake", "--build",  "--preset",           sanitizer.name,       "--parallel",
                 "2",     "--target", "krun_library_tests", "krun_library_faults"};
    for (const auto &step : {configure, make})
        if (const auto done = one.runner.run_ok(step); !done)
            return tl::unexpected(done.error());
    return {};
}

// Whether the checker finds it, ends the program with a failure, and names the library's function.
Result<void> show_fault(const Case &one, const Sanitizer &sanitizer, const PlantedFault &fault, Tally &tally)
{
    std::string found;
    bool is_in_library = false;
    bool is_possible = true;
    Command command;
    command.argv = sanitizer.under;
    command.argv.insert(command.argv.end(), {(one.programs / faults_program).string(), fault.name});
    command.environment = sanitizer.environment;
    command.log = one.log;
    command.on_line = [&](const std::string &line) {
        is_possible = is_possible && !lacks_address_space(line);
        is_in_library = is_in_library || line.find(fault.place) != std::string::npos;
        if (found.empty() && line.find(fault.finding) != std::string::npos)
            found = sanitizer_finding(line);
    };
    const auto result = TRY(one.runner.run(command));
    const auto name = fmt::format("{} finds the fault `{}` in the library", sanitizer.name, fault.name);
    if (!is_possible)
        tally.skip(name + ": this machine's vm.mmap_rnd_bits is too large for ThreadSanitizer");
    else if (result.ok() || found.empty() || !is_in_library)
        tally.fail(fmt::format("{}: it ended with status {}, and {}{}", name, result.status,
                               found.empty() ? "no finding" : found, is_in_library ? "" : " not in " + fault.place));
    else
        tally.pass(name);
    return {};
}

// The tests. Those that this machine skips are named by the case `library`, and not once more by each checker.
Result<void> run_library_tests(const Case &one, const Sanitizer &sanitizer, Tally &tally)
{
    std::vector<std::string> findings;
    GtestRun run{tests_program, sanitizer.environment, {}};
    run.under = sanitizer.under;
    run.on_line = [&](const std::string &line) {
        if (auto finding = sanitizer_finding(line); !finding.empty())
            findings.push_back(std::move(finding));
    };
    auto ran = run_gtest(one, run);
    for (std::size_t i = 0; i < findings.size() && i < most_findings; ++i)
        tally.fail(fmt::format("{}: {} (log: {})", sanitizer.name, findings[i], one.log.string()));
    if (findings.size() > most_findings)
        tally.fail(fmt::format("{}: {} findings more", sanitizer.name, findings.size() - most_findings));
    if (!ran && findings.empty())
        return tl::unexpected(ran.error());
    if (!ran)
        return {};
    ran->skipped = 0;
    ran->skips.clear();
    tally += *ran;
    return {};
}

Result<CaseResult> check_library(Case one, const Sanitizer &sanitizer)
{
    if (sanitizer.has_preset) {
        TRY(build_preset(one, sanitizer));
        one.programs = clone_directory() / "build" / sanitizer.name / "tests";
    } else if (auto present = expect_programs({{sanitizer.under.front(), sanitizer.name}}); !present) {
        return tl::unexpected(present.error());
    }
    CaseResult result;
    for (const auto &fault : sanitizer.faults)
        if (auto shown = show_fault(one, sanitizer, fault, result.tally); !shown)
            return tl::unexpected(shown.error());
    if (result.tally.failed != 0 || result.tally.skipped != 0)
        return result; // it would prove nothing
    TRY(run_library_tests(one, sanitizer, result.tally));
    return result;
}

} // namespace

Result<CaseResult> run_sanitize_case(const Case &one)
{
    const auto all = sanitizers();
    const auto chosen = std::find_if(all.begin(), all.end(), [&](const Sanitizer &sanitizer) {
        return !one.arguments.empty() && sanitizer.name == one.arguments.front();
    });
    if (chosen == all.end())
        return failure("asan, tsan or valgrind is wanted");
    return in_time(one, [&] { return check_library(one, *chosen); });
}

} // namespace krun
