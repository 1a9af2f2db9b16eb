// SPDX-License-Identifier: MIT
// krunctl test: every tier of tests, one after the other, and one closing line.
#include <array>
#include <chrono>
#include <memory>

#include <fmt/format.h>

#include "commands/command.hpp"
#include "source/kernel_line.hpp"
#include "testing/tier.hpp"
#include "util/paths.hpp"
#include "util/progress.hpp"

namespace krun
{

namespace
{

struct Tier {
    const char *name;
    Result<Tally> (*run)(TierContext &);
};

// The quick ones first, so that a slip is known before a kernel has been built.
constexpr std::array tiers = {
    Tier{"unit", run_unit_tier},   Tier{"command", run_command_tier}, Tier{"model", run_model_tier},
    Tier{"style", run_style_tier}, Tier{"kernel", run_kernel_tier},   Tier{"machine", run_machine_tier},
};

struct TestOptions {
    std::string line = "6.12";
    std::vector<std::string> tiers;
};

Tally run_tier(Context &context, const Tier &tier, const std::string &line)
{
    using clock = std::chrono::steady_clock;
    TierContext tier_context{context.runner, context.files, line,
                             cache_directory() / "logs" / fmt::format("test-{}.log", tier.name)};
    unwrap(context.files.make_directories(tier_context.log.parent_path()));
    unwrap(context.files.write(tier_context.log, ""));
    const auto started = clock::now();
    auto result = tier.run(tier_context);
    if (!result && result.error().code == ExitCode::interrupted)
        throw UserError(result.error());
    Tally tally;
    if (result)
        tally = *result;
    else
        tally.fail(fmt::format("{} tier: {}{}", tier.name, result.error().message,
                               result.error().log.empty() ? "" : " (log: " + result.error().log + ")"));
    for (const std::string &name : tally.skips)
        fmt::print("skipped: {}\n", name);
    for (const std::string &name : tally.failures)
        fmt::print("FAILED: {}\n", name);
    if (tally.failed != 0)
        fmt::print("log: {}\n", tier_context.log.string());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(clock::now() - started).count();
    fmt::print("tier {}: {} ({} s)\n", tier.name, summary(tally), seconds);
    std::fflush(stdout);
    return tally;
}

void run_tests(Context &context, const TestOptions &options)
{
    unwrap(find_kernel_line(context.files, data_directory(), options.line));
    Tally total;
    for (const Tier &tier : tiers) {
        const auto &chosen = options.tiers;
        if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), tier.name) == chosen.end())
            continue;
        say(fmt::format("tier {}", tier.name));
        total += run_tier(context, tier, options.line);
    }
    fmt::print("{}\n", summary(total));
    if (total.failed != 0 || total.passed == 0)
        context.exit_code = ExitCode::answer_is_no;
}

} // namespace

void add_test_command(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand(
        "test", "Run all tests: the tool's own, the testbed's, and the kernel's in a virtual machine (emulated)");
    auto options = std::make_shared<TestOptions>();
    std::vector<std::string> names;
    for (const Tier &tier : tiers)
        names.emplace_back(tier.name);
    command->add_option("--line", options->line, "Kernel line")->capture_default_str();
    command->add_option("--tier", options->tiers, "Only this tier (repeatable)")->check(CLI::IsMember(names));
    command->callback([&context, options] { run_tests(context, *options); });
}

} // namespace krun
