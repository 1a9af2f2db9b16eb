// SPDX-License-Identifier: MIT
// krunctl test: every tier of tests for every kernel line, how far each line came, and one closing line.
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "report/line_status.hpp"
#include "source/kernel_line.hpp"
#include "testing/test_run.hpp"
#include "testing/tier_plan.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{

namespace
{

struct TestOptions {
    std::vector<std::string> lines;
    std::vector<std::string> tiers;
    bool e2e = false;
    bool soak = false;
    FuzzSettings fuzz;
};

constexpr unsigned soak_seconds = 3600;

// Of the tiers that nobody has asked for.
bool too_late(const TierStep &step, std::chrono::steady_clock::duration passed)
{
    const auto latest = latest_start(step.tier);
    if (!latest || passed <= *latest)
        return false;
    fmt::print("tier {0}: not run, because the others took more than {1} minutes; --tier {0} runs it\n", step.tier,
               latest->count());
    return true;
}

// The file is for programs; that it could not be written changes nothing about the kernels.
void report_lines(Context &context, const std::vector<LineStatus> &statuses)
{
    if (statuses.empty())
        return;
    fmt::print("\n{}\n", line_status_table(statuses));
    const auto file = cache_directory() / "logs/lines.json";
    if (auto written = context.files.write(file, line_status_json(statuses).dump(2) + "\n"); !written)
        say("note: " + written.error().message);
}

void run_tests(Context &context, const TestOptions &options)
{
    const auto lines = unwrap(choose_lines(unwrap(load_kernel_lines(context.files, data_directory())), options.lines));
    auto tiers = options.tiers;
    if (options.e2e)
        tiers.emplace_back("e2e");
    auto fuzz = options.fuzz;
    if (options.soak) {
        tiers.emplace_back("fuzz");
        fuzz.seconds = soak_seconds;
        fuzz.soak = true;
    }
    if (clone_directory().empty())
        tiers = unwrap(tiers_without_clone(tiers));
    std::vector<std::string> names;
    names.reserve(lines.size());
    for (const KernelLine &line : lines)
        names.push_back(line.name);
    TestRun run(context.runner, context.files, lines, fuzz);
    const auto begun = std::chrono::steady_clock::now();
    for (const TierStep &step : plan_tiers(names, tiers)) {
        if (tiers.empty() && too_late(step, std::chrono::steady_clock::now() - begun))
            continue;
        unwrap(run.run(step));
    }
    report_lines(context, run.statuses());
    fmt::print("{}\n", summary(run.total()));
    if (run.total().failed != 0 || run.total().passed == 0)
        context.exit_code = ExitCode::answer_is_no;
}

} // namespace

void add_test_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand(
        "test",
        "Run all tests: the tool's own, the testbed's, and every kernel line's in a virtual machine (emulated)");
    auto options = std::make_shared<TestOptions>();
    command->add_option("--line", options->lines, "Only this kernel line (repeatable)")->allow_extra_args(false);
    command->add_option("--tier", options->tiers, "Only this tier (repeatable)")
        ->allow_extra_args(false)
        ->check(CLI::IsMember(tier_names()));
    command->add_flag("--e2e", options->e2e,
                      "Only all scenarios of installing a kernel on a real Debian disk, with what --tier names");
    command->add_flag("--soak", options->soak, "Only an hour of the tier fuzz, with what --tier names");
    command->add_option("--seed", options->fuzz.seed, "Seed of the tier fuzz")->capture_default_str();
    command->callback([&context, options] { run_tests(context, *options); });
}

} // namespace krun
