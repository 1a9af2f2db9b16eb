// SPDX-License-Identifier: MIT
// krunctl bench: what a reading costs by every way that exists on this machine.
#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "commands/command.hpp"
#include "commands/json_report.hpp"
#include "commands/options.hpp"
#include "host/counter_session.hpp"
#include "host/cpu_sets.hpp"
#include "report/bench_report.hpp"
#include "util/terminal.hpp"

namespace krun
{
namespace
{

struct BenchOptions {
    std::uint64_t readings = 10000;
    std::vector<std::string> ways;
    int cpu = -1; // the last one
    bool all_counters = false;
    bool json = false;
    std::optional<std::string> html;
};

int go_to_cpu(int wanted)
{
    const auto allowed = allowed_cpus();
    if (allowed.empty())
        throw UserError(failure("cannot tell which CPUs this program may use"));
    const int cpu = wanted < 0 ? allowed.back() : wanted;
    if (std::find(allowed.begin(), allowed.end(), cpu) == allowed.end())
        throw UserError(usage_error(fmt::format("--cpu: CPU {} is not available to this program", cpu),
                                    fmt::format("choose one of {}", format_cpu_list(allowed))));
    if (const int error = allow_cpus({cpu}); error != 0)
        throw UserError(host_lacks(fmt::format("cannot move to CPU {}: {}", cpu, std::strerror(error)),
                                   "choose another CPU with --cpu"));
    return cpu;
}

[[noreturn]] void nothing_to_measure(const BenchResult &result)
{
    std::vector<std::string> reasons;
    for (const MissingRow &row : missing_rows(result))
        reasons.push_back(fmt::format("{}, {}: {}", row.name, row.scopes, row.reason));
    throw UserError(host_lacks(fmt::format("nothing can be measured: {}", fmt::join(reasons, "; ")),
                               result.missing.empty() ? "" : result.missing.front().remedy));
}

CostPlan plan_for(const BenchOptions &options, const BenchResult &result)
{
    constexpr std::uint64_t likely_hz = 3'000'000'000; // good enough for time limits
    const auto hz = result.tsc_hz == 0 ? likely_hz : result.tsc_hz;
    CostPlan plan;
    plan.readings = options.readings;
    plan.most_ticks = hz * 3;
    plan.window_ticks = hz / 10;
    plan.other_cpus = result.machine.online;
    std::erase(plan.other_cpus, result.cpu);
    return plan;
}

BenchResult measure(Filesystem &files, const BenchOptions &options)
{
    BenchResult result;
    result.machine = machine_facts(files, hypervisor_signature());
    result.readings = options.readings;
    result.cpu = go_to_cpu(options.cpu);

    auto ways = open_counter_ways(options.ways, options.all_counters);
    result.missing = std::move(ways.missing);
    if (ways.open.empty())
        nothing_to_measure(result);
    std::vector<std::unique_ptr<CostSubject>> subjects;
    for (Baseline &baseline : cost_baselines()) {
        subjects.push_back(std::move(baseline.subject));
        BenchRow &row = result.baselines.emplace_back();
        row.name = baseline.name;
        row.what = baseline.what;
    }
    for (OpenWay &open : ways.open) {
        subjects.push_back(std::move(open.subject));
        BenchRow &row = result.ways.emplace_back();
        row.way = static_cast<int>(open.way.way);
        row.name = open.way.name();
        row.scope = open.way.scope_name();
        row.cpus = open.cpus;
        row.counters = std::move(open.counters);
        result.tsc_hz = std::max(result.tsc_hz, open.tsc_hz);
        result.tsc_invariant = open.tsc_invariant;
    }

    Progress progress("measuring", 1000);
    const auto machine = cost_machine();
    auto costs = unwrap(measure_read_costs(*machine, subjects, plan_for(options, result),
                                           [&progress](unsigned part) { progress.set(part); }));
    auto cost = costs.begin();
    for (auto *rows : {&result.baselines, &result.ways}) {
        for (BenchRow &row : *rows) {
            row.cost = std::move(*cost++);
            row.error = row.cost.error != 0 ? std::strerror(row.cost.error) : "";
        }
    }
    return result;
}

void bench(Context &context, const BenchOptions &options)
{
    Filesystem &files = context.files;
    if (options.html)
        unwrap(files.check_writable(*options.html)); // not after minutes of measuring
    const BenchResult result = measure(files, options);
    const auto written = options.html ? files.write(*options.html, bench_page(result)) : Result<void>();
    if (!options.json)
        fmt::print("{}", bench_report(result));
    else if (written)
        print_json(bench_json(result));
    else
        context.found = bench_json(result);
    unwrap(written);
}

} // namespace

void add_bench_command(CLI::App &app, Context &context)
{
    constexpr std::uint64_t most_readings = 1'000'000; // all of them are kept
    CLI::App *command = app.add_subcommand("bench", "Measure what reading the counters costs in every way");
    auto options = std::make_shared<BenchOptions>();
    accept_range(
        value_option(command, "--readings", "N", options->readings, "Take N readings in each way, fewer in slow ways"),
        std::uint64_t{1}, most_readings)
        ->capture_default_str();
    accept_choices(value_option(command, "--way", "WAY", options->ways, "Measure only this way"), way_names());
    accept_range(value_option(command, "--cpu", "N", options->cpu, "Measure on CPU N"), 0)
        ->default_str("the last one that is available");
    command->add_flag("--all-counters", options->all_counters,
                      "Read all counters of a way, not just APERF, MPERF, cycles and instructions");
    command->add_flag("--json", options->json, "Print one JSON object");
    refuse_empty(
        value_option(command, "--html", "FILE", options->html, "Also write an HTML page with plots to this file"));
    command->callback([&context, options] { bench(context, *options); });
}

} // namespace krun
