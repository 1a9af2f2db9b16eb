// SPDX-License-Identifier: MIT
#include "report/stat_report.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/cpu_activity.hpp"
#include "host/cpu_sets.hpp"
#include "report/table.hpp"
#include "util/statistics.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::size_t most_rows = 16;
constexpr std::size_t longest_line = 1000; // of the command

std::string command_line(const StatCommand &command)
{
    const auto line = fmt::format("{}", fmt::join(command.arguments, " "));
    if (line.size() > longest_line)
        return printable(line.substr(0, longest_line)) + fmt::format(" ... ({} words)", command.arguments.size());
    return printable(line);
}

std::string cpu_table(const MeasuredRun &run)
{
    Table table({{"CPU", Align::right},
                 {"busy", Align::right},
                 {"MHz", Align::right},
                 {"cycles", Align::right},
                 {"instructions", Align::right},
                 {"switches", Align::right},
                 {"interrupts", Align::right},
                 {""}});
    std::vector<CpuRow> rows;
    for (const auto &delta : run.deltas)
        rows.push_back({&delta, is_bound_to(run, delta.cpu)});
    const auto shown = rows_to_show(rows, most_rows);
    for (const std::size_t row : shown) {
        const krunc_delta &delta = run.deltas[row];
        table.add({fmt::format("{}", delta.cpu), busy_cell(delta), mhz_cell(delta),
                   count_cell(delta, KRUNC_CYCLES, delta.cycles),
                   count_cell(delta, KRUNC_INSTRUCTIONS, delta.instructions),
                   count_cell(delta, KRUNC_SWITCHES, delta.switches),
                   count_cell(delta, KRUNC_INTERRUPTS, interrupts_of(delta)),
                   delta.status == KRUNC_OK ? "" : krunc_status_name(delta.status)});
    }
    const auto hidden = hidden_rows(rows, shown);
    return table.text() + (hidden.empty() ? "" : hidden + "\n");
}

// The others are so, or not: there is nothing to count.
bool is_counted(krunc_cause cause)
{
    constexpr std::array others = {KRUNC_CAUSE_EPOCH,    KRUNC_CAUSE_OFFLINE,   KRUNC_CAUSE_TORN,
                                   KRUNC_CAUSE_MISSING,  KRUNC_CAUSE_THROTTLED, KRUNC_CAUSE_MIGRATED,
                                   KRUNC_CAUSE_SUSPENDED};
    return std::ranges::find(others, cause) == others.end();
}

std::string cause_text(const RunCause &cause)
{
    const auto where = cause.cpu ? fmt::format("CPU {}: ", *cause.cpu) : std::string();
    const auto count = is_counted(cause.cause) ? fmt::format(" ({})", with_thousands(cause.count)) : std::string();
    return where + krunc_cause_name(cause.cause) + count;
}

std::string verdict_text(const RunVerdict &verdict)
{
    if (!verdict.kind)
        return fmt::format("no verdict: {}\n", verdict.why_not);
    auto text = fmt::format("verdict: {}\n", krunc_verdict_name(*verdict.kind));
    if (*verdict.kind == KRUNC_UNDECIDED)
        text += verdict.causes.empty() ? "  nothing was found, but not everything can be observed here\n"
                                       : "  not everything can be observed here\n";
    for (const auto &cause : verdict.causes)
        text += fmt::format("  {}\n    -> {}\n", cause_text(cause), krunc_cause_remedy(cause.cause));
    for (const auto &note : verdict.notes)
        text += fmt::format("  {}, within limits\n", cause_text(note));
    return text;
}

std::string energy_text(const MeasuredRun &run, int error)
{
    std::string text;
    for (const auto &one : run.energy)
        text += fmt::format("energy: {} (CPU {}): {:.3f} J\n", one.domain, one.cpu, one.joules);
    if (error == EACCES || error == EPERM)
        text += "energy: permission denied\n  -> run as root, or: sysctl kernel.perf_event_paranoid=0\n";
    else if (error != 0)
        text += fmt::format("energy: cannot be read: {}\n", std::strerror(error));
    return text;
}

std::string runs_text(const StatCommand &command)
{
    const auto measured = present(seconds_of(command));
    const auto spread = spread_of(measured);
    auto text = fmt::format("{} runs", command.runs.size());
    if (measured.size() > 1)
        text += fmt::format(": mean {:.6f} s, 95 % confidence interval ± {:.6f} s", spread.mean, spread.half_width);
    if (measured.size() < command.runs.size())
        text += fmt::format("; {} not measured", command.runs.size() - measured.size());
    text += "\n";
    constexpr std::optional<krunc_verdict_kind> kinds[] = {KRUNC_CLEAN,     KRUNC_TICKING,  KRUNC_UNDECIDED,
                                                           KRUNC_DISTURBED, KRUNC_UNUSABLE, std::nullopt};
    for (const auto &kind : kinds) {
        const auto runs = std::ranges::count(command.runs, kind, [](const StatRun &one) { return one.verdict.kind; });
        if (runs != 0)
            text += fmt::format("  {} {}\n", runs, kind ? krunc_verdict_name(*kind) : "without a verdict");
    }
    return text;
}

int how_bad(const StatRun &run) { return run.verdict.kind ? severity(*run.verdict.kind) : -1; }

std::string command_text(const StatResult &result, const StatCommand &command)
{
    if (command.runs.empty())
        return {};
    const bool several = command.runs.size() > 1;
    const StatRun &shown = *std::ranges::max_element(command.runs, {}, how_bad); // the first of the worst
    const bool is_virtual = (result.facts.features & KRUNC_FEATURE_VIRTUAL) != 0;
    auto text = fmt::format("\n {}\n\n", command_line(command));
    if (several)
        text +=
            runs_text(command) + (shown.verdict.kind ? "the first run with the worst verdict:\n" : "the first run:\n");
    const MeasuredRun &run = shown.run;
    text += (run.windows != 0 ? fmt::format("{:.6f} s elapsed", run.seconds) : "not measured") +
            fmt::format(", {:.3f} s user, {:.3f} s system; way: {}{}\n\n", run.user_seconds, run.system_seconds,
                        krunc_way_name(result.facts.way), is_virtual ? ", in a virtual machine" : "");
    if (!run.deltas.empty())
        text += cpu_table(run) + "\n";
    return text + energy_text(run, result.energy_error) + verdict_text(shown.verdict);
}

// Of the CPUs that the command was bound to, or of all.
RunValues cycles_of(const StatCommand &command)
{
    RunValues values;
    for (const auto &[run, verdict] : command.runs) {
        std::optional<double> sum;
        for (const auto &delta : run.deltas) {
            if (!run.bound.empty() && !is_bound_to(run, delta.cpu))
                continue;
            if ((delta.valid & KRUNC_CYCLES) == 0) {
                sum.reset();
                break; // what is left would look like less work
            }
            sum = sum.value_or(0) + static_cast<double>(delta.cycles);
        }
        values.push_back(sum);
    }
    return values;
}

std::string difference_text(const char *what, const char *unit, const RunValues &first, const RunValues &second)
{
    const auto pairs = pair_differences(first, second);
    if (pairs.empty())
        return {};
    const auto spread = spread_of(pairs);
    const double base = spread_of(present(first)).mean;
    const double percent = base != 0 ? 100 / base : 0;
    if (pairs.size() == 1)
        return fmt::format("  {}: {:+.6g} {} ({:+.2f} %), from one pair\n", what, spread.mean, unit,
                           spread.mean * percent);
    return fmt::format("  {}: {:+.6g} {} ± {:.6g} ({:+.2f} % ± {:.2f} %), from {} pairs\n", what, spread.mean, unit,
                       spread.half_width, spread.mean * percent, spread.half_width * percent, pairs.size());
}

std::string comparison_text(const StatCommand &first, const StatCommand &second)
{
    const auto text = difference_text("time", "s", seconds_of(first), seconds_of(second)) +
                      difference_text("cycles", "cycles", cycles_of(first), cycles_of(second));
    if (text.empty())
        return "\nnothing to compare: no pair of runs was measured\n";
    return "\nsecond command minus first, 95 % confidence interval:\n" + text;
}

std::vector<const StatRun *> all_runs(const StatResult &result)
{
    std::vector<const StatRun *> runs;
    const auto add = [&](const StatCommand &command) {
        for (const StatRun &one : command.runs)
            runs.push_back(&one);
    };
    add(result.command);
    if (result.other)
        add(*result.other);
    return runs;
}

} // namespace

std::vector<double> present(const RunValues &values)
{
    std::vector<double> there;
    for (const auto &value : values) {
        if (value)
            there.push_back(*value);
    }
    return there;
}

RunValues seconds_of(const StatCommand &command)
{
    RunValues values;
    for (const auto &one : command.runs)
        values.push_back(one.run.windows != 0 ? std::optional(one.run.seconds) : std::nullopt);
    return values;
}

std::optional<krunc_verdict_kind> worst_verdict(const StatResult &result)
{
    const auto runs = all_runs(result);
    const auto worst = std::ranges::max_element(runs, {}, [](const StatRun *run) { return how_bad(*run); });
    return worst == runs.end() ? std::nullopt : (*worst)->verdict.kind;
}

FailedRuns failed_runs(const StatResult &result, krunc_verdict_kind fail_on)
{
    const auto runs = all_runs(result);
    const auto failed = std::ranges::count_if(runs, [&](const StatRun *run) {
        const auto kind = run->verdict.kind; // without one, nobody knows whether it was disturbed
        return !kind || severity(*kind) >= severity(fail_on);
    });
    return {static_cast<std::size_t>(failed), runs.size()};
}

std::string stat_report(const StatResult &result)
{
    auto text = command_text(result, result.command);
    if (result.other)
        text += command_text(result, *result.other) + comparison_text(result.command, *result.other);
    for (unsigned way = 0; way < result.facts.way; way++) {
        const int error = result.facts.way_errors[way];
        if (error != 0)
            text += fmt::format("not using {}: {}{}\n", krunc_way_name(way), krunc_way_reason(way, error),
                                way == 0 ? fmt::format("\n  -> {}", krunc_way_remedy(way, error)) : "");
    }
    return text + "\n";
}

// ReBench takes a blank for the end of the name.
std::string rebench_log(const StatResult &result)
{
    std::string name = result.command.arguments.front();
    name = name.substr(name.rfind('/') + 1);
    std::replace_if(
        name.begin(), name.end(), [](unsigned char letter) { return std::isspace(letter) != 0 || letter == ':'; }, '_');
    const auto seconds = seconds_of(result.command);
    const auto cycles = cycles_of(result.command);
    std::string log;
    for (std::size_t i = 0; i < seconds.size(); i++) {
        if (!seconds[i])
            continue; // nothing was measured
        if (cycles[i])
            log += fmt::format("{}: cycles: {:.0f}cycles\n", name, *cycles[i]);
        if (const auto kind = result.command.runs[i].verdict.kind)
            log += fmt::format("{}: disturbed: {}runs\n", name, severity(*kind) >= severity(KRUNC_DISTURBED) ? 1 : 0);
        log += fmt::format("{}: iterations=1 runtime: {:.0f}us\n", name, *seconds[i] * 1e6);
    }
    return log;
}

} // namespace krun
