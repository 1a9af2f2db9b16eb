// SPDX-License-Identifier: MIT
// krun_tests, which `./krun test` runs: chooses cases, has CTest run them, and says what came of each.
//
// Theory: whatever did not run must show. So the list of cases is CTest's own, made before anything runs, and each case
// of it ends up in the report: with what it left, as cut off, or as skipped and why. Time is kept twice. A case that
// could not end before the limit does not begin; and some minutes after the limit everything is stopped.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands/help.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "runner/proof_record.hpp"
#include "runner/run_report.hpp"
#include "runner/source_lines.hpp"
#include "runner/stray_children.hpp"
#include "self/krunctl.hpp"
#include "util/file_lock.hpp"
#include "util/own_process.hpp"

namespace
{

using namespace krun;
namespace fs = std::filesystem;

constexpr long minutes_of_everything = 75;
constexpr unsigned long_case = 120; // seconds: that it has begun is worth a line

struct Options {
    std::vector<std::string> lines;
    std::vector<std::string> labels;
    std::vector<std::string> sources; // SERIES=TREE
    bool list = false;
    bool e2e = false;
    bool soak = false;
    bool again = false;
    std::uint64_t seed = 1;
    long minutes = -1; // no limit: 0
    long grace = 240;  // seconds from the limit until everything is stopped
    std::string json;
    std::string junit;
    fs::path build;
};

struct Limit {
    std::time_t deadline = 0; // 0: none
    std::optional<std::chrono::milliseconds> hard;
};

// The wrapper has begun earlier than we have.
Limit limit_of(const Options &options)
{
    auto minutes = options.minutes;
    if (minutes < 0)
        minutes = options.labels.empty() ? minutes_of_everything : 0;
    const std::time_t now = std::time(nullptr);
    const char *given = std::getenv("KRUN_TEST_STARTED");
    const std::time_t started = given == nullptr ? now : static_cast<std::time_t>(std::atoll(given));
    unsetenv("KRUN_TEST_STARTED"); // it is this run's, and not one's inside it
    if (minutes == 0)
        return {};
    Limit limit;
    limit.deadline = started + minutes * 60;
    limit.hard = std::chrono::seconds(std::max<std::time_t>(limit.deadline + options.grace - now, 1));
    return limit;
}

class Run
{
  public:
    Run(const Env &env, const Options &options, FILE *out) : env_(env), options_(options), out_(out) {}

    Result<CasePlan> plan()
    {
        sources_ = TRY(read_sources(env_.files, options_.sources));
        const auto lines = TRY(load_kernel_lines(env_.files, data_directory()));
        TRY(make_cases_of(env_, options_.build, extra_series(sources_, lines)));
        Command command;
        command.argv = {"ctest", "--test-dir", options_.build.string(), "--show-only=json-v1"};
        const auto shown = TRY(env_.runner.run_ok(command));
        const auto all = TRY(read_cases(shown.output));
        without_source_ = lines_without_source(sources_, lines);
        return plan_cases(all, options_.lines, options_.labels, without_source_);
    }

    // An Error is that CTest could not be run at all. Interrupted, there is still a report.
    Result<RunReport> run(const CasePlan &plan)
    {
        for (const fs::path &step : {logs(), results()})
            if (auto made = env_.files.make_directories(step); !made)
                return tl::unexpected(made.error());
        for (const auto &one : plan.run)
            if (auto removed = env_.files.remove_all(result_file(results(), one.name)); !removed)
                return tl::unexpected(removed.error());
        const auto limit = limit_of(options_);
        Command command;
        command.argv = {"ctest", "--test-dir",      options_.build.string(), "-j2", "--output-on-failure",
                        "-R",    regex_of(plan.run)};
        command.environment = {{"LC_ALL", "C"},
                               {"KRUN_TEST_RESULTS", results().string()},
                               {"KRUN_TEST_AGAIN", options_.again ? "1" : "0"},
                               {"KRUN_TEST_SEED", std::to_string(options_.seed)},
                               {"KRUN_TEST_SOURCES", as_text(sources_)}};
        if (limit.deadline != 0)
            command.environment["KRUN_TEST_DEADLINE"] = std::to_string(limit.deadline);
        command.timeout = limit.hard;
        command.capture = false;
        command.log = log();
        command.on_line = [&](const std::string &line) { follow(plan, line); };
        TRY(env_.files.remove_all(log()));
        const auto ended = env_.runner.run(command);
        end_strays();
        interrupted_ = !ended && ended.error().code == ExitCode::interrupted;
        if (!ended && !interrupted_)
            return tl::unexpected(ended.error());
        if (!interrupted_ && !ended->timed_out && ended_.empty() && !plan.run.empty())
            return failure("CTest has run no case", "", log().string());
        return report(plan, interrupted_ ? "interrupted" : "cut off for want of time");
    }

    [[nodiscard]] bool was_interrupted() const { return interrupted_; }
    [[nodiscard]] static fs::path logs() { return cache_directory() / "logs"; }
    [[nodiscard]] static fs::path results() { return logs() / "tests"; }
    [[nodiscard]] static fs::path log() { return logs() / "ctest.log"; }

  private:
    static const PlannedCase *called(const CasePlan &plan, const std::string &name)
    {
        for (const auto &one : plan.run)
            if (one.name == name)
                return &one;
        return nullptr;
    }

    void follow(const CasePlan &plan, const std::string &line)
    {
        if (const auto name = case_start(line)) {
            if (const auto *one = called(plan, *name); one != nullptr && one->estimate >= long_case)
                fmt::print(out_, "running {}\n", *name);
        } else if (const auto end = case_end(line)) {
            const auto *one = called(plan, end->name);
            if (one == nullptr)
                return;
            ended_[one->name] = report_end(*one, *end, read_result(env_.files, result_file(results(), one->name)));
            const auto &now = ended_[one->name];
            fmt::print(out_, "[{}/{}] {}: {}{} ({:.0f} s)\n", ended_.size(), plan.run.size(), one->name,
                       closing_line(now.result.tally), now.result.proven_before ? ", proven before" : "", now.seconds);
            for (const auto &name : now.result.tally.failures)
                fmt::print(out_, "FAILED: {}: {}\n", one->name, name);
        }
        std::fflush(out_);
    }

    RunReport report(const CasePlan &plan, const std::string &cut_off)
    {
        RunReport report;
        for (const auto &one : plan.run)
            report.cases.push_back(ended_.contains(one.name) ? ended_[one.name] : report_not_run(one, cut_off));
        for (auto &one : report.cases)
            if (one.result.not_run == "not run")
                one = report_not_run(one.plan, why_not_run(report, one.plan));
        for (const auto &one : plan.left_out)
            report.cases.push_back(report_not_run(one, fmt::format("opt-in: --label {}", one.tier())));
        for (const auto &line : without_source_)
            if (options_.lines.empty())
                report.cases.push_back(report_not_run(line_as_case(line), why_without_source(line)));
        return report;
    }

    Env env_;
    const Options &options_;
    FILE *out_;
    TestSources sources_;
    std::vector<std::string> without_source_; // lines that cannot be tested
    std::map<std::string, ReportedCase> ended_;
    bool interrupted_ = false;
};

// What could not be written does not change what was found.
void write_or_note(Filesystem &files, const fs::path &file, const std::string &text)
{
    if (auto written = files.write(file, text); !written)
        fmt::print(stderr, "note: {}\n", written.error().message);
}

void finish(Filesystem &files, const Options &options, const RunReport &report, FILE *out)
{
    fmt::print(out, "\n{}{}", list_of_failures(report, Run::results().string()), list_of_skips(report));
    const auto lines = line_statuses(report);
    if (!lines.empty()) {
        fmt::print(out, "\n{}\n", line_status_table(lines));
        write_or_note(files, Run::logs() / "lines.json", line_status_json(lines).dump(2) + "\n");
    }
    for (const auto &line : lines)
        if (const auto proof = proof_of(report, line, date_of_today()))
            if (auto written = write_proof(files, proof_file(line.line), *proof); !written)
                fmt::print(stderr, "note: the proof cannot be recorded: {}\n", written.error().message);
    if (options.json == "-")
        print_json(report_json(report));
    else if (!options.json.empty())
        write_or_note(files, options.json, with_schema(report_json(report)).dump(2) + "\n");
    if (!options.junit.empty())
        write_or_note(files, options.junit, report_junit(report));
    if (const auto before = report.proven_before(); before != 0)
        fmt::print(out, "{} of these were proven before for exactly these inputs; --again runs them\n", before);
    fmt::print(out, "{}\n", closing_line(report.total()));
}

int fail(const Options &options, const Error &error)
{
    fmt::print(stderr, "krun test: error: {}\n", error.message);
    if (!error.hint.empty())
        fmt::print(stderr, "hint: {}\n", error.hint);
    if (!error.log.empty())
        fmt::print(stderr, "log: {}\n", error.log);
    if (options.json == "-")
        print_json(error_json("test", nullptr, error, static_cast<int>(error.code)));
    return static_cast<int>(error.code);
}

void list_cases(const Options &options, const CasePlan &plan)
{
    if (options.json != "-") {
        for (const auto &one : plan.run)
            fmt::print("{:<36} {}\n", one.name, fmt::join(one.labels, " "));
        return;
    }
    auto cases = nlohmann::ordered_json::array();
    for (const auto &one : plan.run)
        cases.push_back({{"name", one.name}, {"labels", one.labels}});
    print_json({{"cases", cases}});
}

int run_tests(const Options &options)
{
    SystemProcessRunner runner;
    SystemFilesystem files;
    Run run(Env{runner, files}, options, options.json == "-" ? stderr : stdout);
    const auto plan = run.plan();
    if (!plan)
        return fail(options, plan.error());
    if (options.list) {
        list_cases(options, *plan);
        return 0;
    }
    if (auto made = files.make_directories(Run::logs()); !made)
        return fail(options, made.error());
    const auto lock = FileLock::acquire(Run::logs() / "tests.lock", "another run of the tests");
    if (!lock)
        return fail(options, lock.error());
    const auto report = run.run(*plan);
    if (!report)
        return fail(options, report.error());
    finish(files, options, *report, options.json == "-" ? stderr : stdout);
    if (run.was_interrupted())
        return static_cast<int>(ExitCode::interrupted);
    return report->good() ? 0 : static_cast<int>(ExitCode::answer_is_no);
}

void add_options(CLI::App &app, Options &options)
{
    use_help_style(app);
    app.footer("Exit status: see krunctl(1); docs/testing.md has the details");
    app.add_option("--line", options.lines, "Run no cases of kernel lines but this one")
        ->type_name("LINE")
        ->allow_extra_args(false);
    app.add_option("--label,--tier", options.labels, "Run only cases with this label, as a tier has")
        ->type_name("LABEL")
        ->allow_extra_args(false);
    app.add_option("--source", options.sources, "Test the kernel source in the folder TREE as a line; 4.9 has no other")
        ->type_name("SERIES=TREE")
        ->allow_extra_args(false);
    app.add_flag("--list", options.list, "List the cases instead of running them");
    app.add_option("--json", options.json, "Write the results as one JSON object to this file; - is stdout")
        ->type_name("FILE");
    app.add_option("--junit", options.junit, "Write the results as JUnit's XML to this file")->type_name("FILE");
    app.add_flag("--e2e", options.e2e, "Install kernels on a real Debian disk in all scenarios: --label e2e");
    app.add_flag("--soak", options.soak, "Make random system calls for an hour: --label soak");
    app.add_option("--seed", options.seed, "Seed random system calls with N")->type_name("N")->capture_default_str();
    app.add_flag("--again", options.again, "Run also what has passed with exactly these inputs");
    accept_range(app.add_option("--minutes", options.minutes, "Start nothing that would end later; 0 is no limit")
                     ->type_name("MINUTES")
                     ->default_str(fmt::format("{}, with labels 0", minutes_of_everything)),
                 0L);
    app.add_option("--build", options.build, "CTest's build folder")->group("");
    app.add_option("--grace", options.grace, "Seconds after the limit until all is stopped")->group("");
}

// What CLI11 has not come to, as the command line is wrong.
void read_json_option(Options &options, int argc, char **argv)
{
    constexpr std::string_view with_value = "--json=";
    for (int i = 1; i < argc; i++) {
        const std::string_view argument = argv[i];
        if (argument.starts_with(with_value))
            options.json = argument.substr(with_value.size());
        else if (argument == "--json" && i + 1 < argc)
            options.json = argv[i + 1];
    }
}

int run(int argc, char **argv, Options &options)
{
    CLI::App app("Run the tests", "./krun test");
    add_options(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success &help) {
        return app.exit(help);
    } catch (const CLI::ParseError &error) {
        read_json_option(options, argc, argv);
        return fail(options, usage_error_of(app, error));
    } catch (const UserError &error) {
        read_json_option(options, argc, argv);
        return fail(options, with_usage_hint(app, error.error()));
    }
    if (options.e2e)
        options.labels.emplace_back("e2e");
    if (options.soak)
        options.labels.emplace_back("soak");
    try {
        return run_tests(options);
    } catch (const UserError &error) { // a cache that is not ours
        return fail(options, error.error());
    }
}

} // namespace

int main(int argc, char **argv)
{
    open_standard_streams();
    install_interrupt_handlers();
    adopt_strays();
    Options options;
    options.build = fs::read_symlink("/proc/self/exe").parent_path() / "../..";
    const int status = run(argc, argv, options);
    options.json.clear(); // nobody can read it
    const auto written = finish_output();
    return written || status == static_cast<int>(ExitCode::interrupted) ? status : fail(options, written.error());
}
