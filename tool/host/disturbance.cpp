// SPDX-License-Identifier: MIT

#include "host/disturbance.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <span>
#include <thread>

#include "host/measured_run.hpp"
#include "util/filesystem.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// With as many counts as there are CPUs; nothing for a row that has fewer.
std::optional<InterruptRow> row_in(const std::string &line, std::size_t cpus, std::size_t column)
{
    const auto is_number = [](const std::string &word) {
        return word.find_first_not_of("0123456789") == std::string::npos;
    };
    const auto words = words_of(line);
    if (words.size() < cpus + 1 || !words.front().ends_with(':'))
        return {};
    const auto counts = words.begin() + 1;
    const auto text = counts + static_cast<std::ptrdiff_t>(cpus);
    if (!std::all_of(counts, text, is_number))
        return {};
    return InterruptRow{words.front().substr(0, words.front().size() - 1),
                        fmt::format("{}", fmt::join(text, words.end(), " ")),
                        std::strtoull(words[column + 1].c_str(), nullptr, 10)};
}

constexpr double settling_seconds = 1.0;
constexpr std::size_t most_causes = 8;
constexpr const char *who_limits_cpus = "look at cpusets, the container and seccomp filters";

struct Counts {
    std::vector<InterruptRow> interrupts;
    std::vector<InterruptRow> softirqs;
    TaskSwitches switches;
};

void let_pass(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

Result<Counts> counts_of(const BusyTask &task, int cpu)
{
    SystemFilesystem files;
    Counts counts;
    counts.interrupts = interrupt_rows(files.read("/proc/interrupts").value_or(""), cpu);
    counts.softirqs = interrupt_rows(files.read("/proc/softirqs").value_or(""), cpu);
    if (!task.is_there())
        return failure(fmt::format("CPU {} went offline meanwhile", cpu), "try again");
    const auto switches = parse_switches(files.read(fmt::format("/proc/{}/status", task.pid())).value_or(""));
    if (counts.interrupts.empty() || !switches)
        return failure(fmt::format("{} does not say what comes to CPU {}",
                                   counts.interrupts.empty() ? "/proc/interrupts" : "/proc/PID/status", cpu),
                       "run this outside of the container, with /proc mounted, on x86-64");
    counts.switches = *switches;
    return counts;
}

} // namespace

std::vector<InterruptRow> interrupt_rows(std::string_view text, int cpu)
{
    const auto lines = lines_of(text);
    if (lines.empty())
        return {};
    const auto heading = words_of(lines.front());
    const auto column = std::find(heading.begin(), heading.end(), fmt::format("CPU{}", cpu));
    if (column == heading.end())
        return {};
    std::vector<InterruptRow> rows;
    for (auto line = lines.begin() + 1; line != lines.end(); ++line)
        if (auto row = row_in(*line, heading.size(), static_cast<std::size_t>(column - heading.begin())))
            rows.push_back(std::move(*row));
    return rows;
}

std::vector<InterruptRow> grown_rows(const std::vector<InterruptRow> &before, const std::vector<InterruptRow> &after)
{
    std::vector<InterruptRow> grown;
    for (const auto &row : after) {
        const auto earlier = std::ranges::find(before, row.name, &InterruptRow::name);
        const auto begin = earlier == before.end() ? 0 : earlier->count;
        if (row.count > begin)
            grown.push_back({row.name, row.what, row.count - begin});
    }
    return grown;
}

void add_rows(std::vector<InterruptRow> &rows, const std::vector<InterruptRow> &more)
{
    for (const auto &row : more) {
        const auto same = std::ranges::find(rows, row.name, &InterruptRow::name);
        if (same == rows.end())
            rows.push_back(row);
        else
            same->count += row.count;
    }
}

std::uint64_t Disturbance::total() const
{
    std::uint64_t sum = preemptions;
    for (const auto &row : interrupts)
        sum += row.count;
    return sum;
}

double Disturbance::rate() const { return seconds > 0 ? static_cast<double>(total()) / seconds : 0; }

Disturbance &Disturbance::operator+=(const Disturbance &other)
{
    seconds += other.seconds;
    preemptions += other.preemptions;
    sleeps += other.sleeps;
    traced = traced || other.traced;
    add_rows(interrupts, other.interrupts);
    add_rows(softirqs, other.softirqs);
    trace_is_cut = trace_is_cut || other.trace_is_cut;
    add_causes(causes, other.causes);
    return *this;
}

std::string described(const Disturbance &disturbance)
{
    std::vector<std::string> parts;
    for (const auto &row : disturbance.interrupts)
        parts.push_back(fmt::format("{} {}{}", row.name, row.count, row.what.empty() ? "" : " (" + row.what + ")"));
    if (disturbance.preemptions != 0)
        parts.push_back(
            fmt::format("{} preemption{}", disturbance.preemptions, disturbance.preemptions == 1 ? "" : "s"));
    auto text = parts.empty() ? "none" : fmt::format("{}", fmt::join(parts, ", "));
    if (disturbance.sleeps != 0)
        text +=
            fmt::format("; the task itself slept {} time{}", disturbance.sleeps, disturbance.sleeps == 1 ? "" : "s");
    parts.clear();
    for (const auto &row : disturbance.softirqs)
        parts.push_back(fmt::format("{} {}", row.name, row.count));
    return parts.empty() ? text : fmt::format("{}; softirqs: {}", text, fmt::join(parts, ", "));
}

std::string described(const std::vector<Cause> &causes)
{
    std::vector<std::string> parts;
    for (const auto &cause : std::span(causes).first(std::min(causes.size(), most_causes)))
        parts.push_back(cause.times == 1 ? cause.what : fmt::format("{} ({})", cause.what, cause.times));
    return fmt::format("{}", fmt::join(parts, ", "));
}

Result<Disturbance> disturbance_while_busy(int cpu, const std::vector<int> &online, Load load, double seconds,
                                           bool trace)
{
    // This thread watches from elsewhere; a second runnable thread would bring the tick back.
    std::vector<int> others = online;
    std::erase(others, cpu);
    const PinnedThread elsewhere(others);
    if (elsewhere.error() != 0)
        return failure(fmt::format("this program may not keep off CPU {}: {}", cpu, std::strerror(elsewhere.error())),
                       fmt::format("let it run on another CPU as well: {}", who_limits_cpus));
    // Before the task and until after it: tracepoints are switched by changing the kernel's code, which interrupts
    // every CPU and makes it wait.
    std::optional<CauseTrace> tracing;
    if (trace)
        tracing.emplace(cpu);
    const auto task = BusyTask::start(cpu, load);
    if (!task)
        return failure(task.error().message, who_limits_cpus);
    let_pass(settling_seconds);
    if (tracing)
        tracing->begin();
    const auto before = TRY(counts_of(*task, cpu));
    let_pass(seconds);
    const auto after = TRY(counts_of(*task, cpu));
    Disturbance disturbance;
    disturbance.seconds = seconds;
    disturbance.interrupts = grown_rows(before.interrupts, after.interrupts);
    disturbance.softirqs = grown_rows(before.softirqs, after.softirqs);
    disturbance.preemptions = after.switches.involuntary - before.switches.involuntary;
    disturbance.sleeps = after.switches.voluntary - before.switches.voluntary;
    if (tracing && tracing->works()) {
        disturbance.traced = true;
        disturbance.causes = tracing->causes(BusyTask::name);
        disturbance.trace_is_cut = tracing->is_cut();
    }
    return disturbance;
}

} // namespace krun
