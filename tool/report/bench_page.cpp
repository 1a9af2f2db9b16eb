// SPDX-License-Identifier: MIT
// The page is written as text, with its colours in one style sheet: light or dark as the reader's system has it. All
// that comes from the machine goes through html_escaped().
#include "report/bench_report.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "host/cpu_sets.hpp"
#include "report/table.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

// The colours of the ways can be told apart by those who do not see red or green, and beside them the lines differ.
constexpr const char *style_sheet = R"(
:root { color-scheme: light dark; --page: #fdfdfc; --text: #1a1a18; --faint: #62615c; --line: #d9d8d2; --soft: #f2f1ec;
  --warn: #fff3d6; --warn-line: #d79a1b; --way-0: #2a78d6; --way-1: #1b9a6a; --way-2: #d9541e; --way-3: #7a4fc9;
  --way-4: #b58200; --base: #75746e; }
@media (prefers-color-scheme: dark) { :root { --page: #191918; --text: #f0efea; --faint: #a5a49c; --line: #3b3a37;
  --soft: #242422; --warn: #3a2f14; --warn-line: #c98e1f; --way-0: #5598e7; --way-1: #27a97a; --way-2: #ea7346;
  --way-3: #a48af0; --way-4: #d1a011; --base: #97968e; } }
body { margin: 0 auto; padding: 24px; max-width: 1080px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 6px; } p { max-width: 76ch; margin: 6px 0; }
.note { color: var(--faint); } .warning { background: var(--warn); border-left: 4px solid var(--warn-line);
  padding: 8px 14px; margin: 14px 0; max-width: none; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; margin: 8px 0; }
th, td { padding: 3px 10px; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--faint); font-weight: 600; } .number { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; } .unbroken { white-space: nowrap; }
svg { display: block; width: 100%; height: auto; margin: 8px 0; } .plot-text { font: 12px system-ui, sans-serif;
  fill: var(--faint); } .plot-text.name { fill: var(--text); } .ground { fill: transparent; }
.grid { stroke: var(--line); stroke-width: 0.6; } .axis { stroke: var(--faint); stroke-width: 0.8; }
.mark { stroke: var(--text); stroke-width: 1.4; } .fill { fill-opacity: 0.75; stroke: none; }
.tail { fill: none; stroke-width: 1.8; stroke-linejoin: round; } .tail:hover { stroke-width: 3.5; }
.dashes { stroke-dasharray: 7 4; } .dots { stroke-dasharray: 1.5 3.5; } .dash-dots { stroke-dasharray: 9 3 1.5 3; }
.fill.way-0 { fill: var(--way-0); } .fill.way-1 { fill: var(--way-1); } .fill.way-2 { fill: var(--way-2); }
.fill.way-3 { fill: var(--way-3); } .fill.way-4 { fill: var(--way-4); } .fill.base { fill: var(--base); }
.tail.way-0 { stroke: var(--way-0); } .tail.way-1 { stroke: var(--way-1); } .tail.way-2 { stroke: var(--way-2); }
.tail.way-3 { stroke: var(--way-3); } .tail.way-4 { stroke: var(--way-4); } .tail.base { stroke: var(--base); }
)";

std::string heading_cells(const std::vector<std::pair<std::string, bool>> &names) // and whether numbers are below
{
    std::string html = "<tr>";
    for (const auto &[name, number] : names)
        html += fmt::format("<th{}>{}</th>", number ? " class=\"number\"" : "", html_escaped(name));
    return html + "</tr>\n";
}

std::string text_cell(const std::string &text) { return "<td>" + html_escaped(text) + "</td>"; }
std::string unbroken_cell(const std::string &text) { return "<td class=\"unbroken\">" + html_escaped(text) + "</td>"; }
std::string number_cell(const std::string &text) { return "<td class=\"number\">" + html_escaped(text) + "</td>"; }

std::string table_of(const std::string &rows) { return "<div class=\"wide\"><table>\n" + rows + "</table></div>\n"; }

// Nanoseconds, and ticks behind them.
std::string time_cell(const BenchResult &result, std::uint64_t ticks, bool known)
{
    if (!known)
        return number_cell("-");
    const auto time = nanoseconds(result, ticks);
    const auto in_ticks = with_thousands(ticks);
    if (!time)
        return number_cell(in_ticks);
    return fmt::format("<td class=\"number\">{}<br><span class=\"note\">{}</span></td>", short_number(*time), in_ticks);
}

std::string row_of_figures(const BenchResult &result, const BenchRow &row)
{
    const Distribution &ticks = row.cost.ticks;
    const bool known = ticks.count != 0;
    std::string html = "<tr>" + unbroken_cell(row.name) + unbroken_cell(row.scope);
    html += number_cell(with_thousands(ticks.count) + (row.cost.fewer ? "*" : ""));
    for (const auto value : {ticks.min, ticks.p50, ticks.p99, ticks.p999, ticks.max})
        html += time_cell(result, value, known);
    return html + "</tr>\n";
}

std::string figures_section(const BenchResult &result)
{
    std::string rows = heading_cells({{"way", false},
                                      {"scope", false},
                                      {"readings", true},
                                      {"min", true},
                                      {"p50", true},
                                      {"p99", true},
                                      {"p99.9", true},
                                      {"max", true}});
    bool fewer = false;
    for (const auto *some : {&result.baselines, &result.ways}) {
        for (const BenchRow &row : *some) {
            rows += row_of_figures(result, row);
            fewer = fewer || row.cost.fewer;
        }
    }
    std::string html = table_of(rows);
    html += result.tsc_hz == 0 ? "<p class=\"note\">In TSC ticks, as the TSC's frequency is not known.</p>\n"
                               : "<p class=\"note\">Nanoseconds; below them, TSC ticks.</p>\n";
    if (fewer)
        html += "<p class=\"note\">* Fewer readings, because each takes long.</p>\n";
    return html;
}

std::string disturbance_section(const BenchResult &result)
{
    if (result.ways.empty())
        return {};
    std::string rows = heading_cells({{"way", false},
                                      {"scope", false},
                                      {"CPUs", true},
                                      {"interrupts on other CPUs per reading", true},
                                      {"in the same time without readings", true},
                                      {"kinds", false},
                                      {"counters", false}});
    for (const BenchRow &row : result.ways) {
        const auto &others = row.cost.others;
        rows += "<tr>" + unbroken_cell(row.name) + unbroken_cell(row.scope) +
                number_cell(row.cpus == 0 ? "-" : fmt::format("{}", row.cpus));
        rows += number_cell(others ? fmt::format("{:.2f}", others->during()) : "-");
        rows += number_cell(others ? fmt::format("{:.2f}", others->otherwise()) : "-");
        rows += unbroken_cell(others ? kinds_of_interrupts(*others) : "");
        rows += text_cell(row.counters.empty() ? "none" : fmt::format("{}", fmt::join(row.counters, ", "))) + "</tr>\n";
    }
    return "<h2>What a reading delivers, and what it disturbs</h2>\n" + table_of(rows);
}

std::string missing_section(const BenchResult &result)
{
    std::string rows;
    for (const BenchRow &row : result.ways)
        if (!row.error.empty())
            rows += "<tr>" + unbroken_cell(row.name) + unbroken_cell(row.scope) +
                    text_cell("stopped early: " + row.error) + text_cell("") + "</tr>\n";
    for (const MissingRow &one : missing_rows(result))
        rows += "<tr>" + unbroken_cell(one.name) + unbroken_cell(one.scopes) + text_cell(one.reason) +
                text_cell(one.remedy) + "</tr>\n";
    if (rows.empty())
        return {};
    return "<h2>Ways that cannot be used here</h2>\n" +
           table_of(heading_cells({{"way", false}, {"scope", false}, {"why", false}, {"remedy", false}}) + rows);
}

std::string or_not_known(const std::string &text) { return text.empty() ? "not known" : text; }

std::string machine_section(const BenchResult &result)
{
    const MachineFacts &facts = result.machine;
    std::string rows;
    const auto add = [&rows](const std::string &name, const std::string &value) {
        rows += "<tr><th>" + html_escaped(name) + "</th>" + text_cell(value) + "</tr>\n";
    };
    add("CPU", or_not_known(facts.cpu_model));
    add("microcode", or_not_known(facts.microcode));
    add("kernel", or_not_known(facts.kernel + " " + facts.kernel_version));
    add("machine", facts.on_bare_metal()
                       ? "no hypervisor detected"
                       : fmt::format("{} ({})", facts.emulated ? "emulated" : "virtual", facts.hypervisor));
    add("CPUs online", format_cpu_list(facts.online));
    add("adaptive-tick CPUs", format_cpu_list(facts.adaptive_tick));
    add("measured on CPU", fmt::format("{}", result.cpu));
    add("TSC", result.tsc_hz == 0 ? "frequency not known"
                                  : fmt::format("{:.6f} GHz, {}", static_cast<double>(result.tsc_hz) / 1e9,
                                                result.tsc_invariant ? "invariant" : "not invariant"));
    add("clock source", or_not_known(facts.clock_source));
    add("frequency governor", facts.governor.empty() ? "none" : facts.governor);
    for (const auto &[name, state] : facts.mitigations)
        add(name, state);
    return "<h2>The machine</h2>\n" + table_of(rows);
}

std::string baseline_notes(const BenchResult &result)
{
    std::vector<std::string> words;
    for (const BenchRow &row : result.baselines)
        words.push_back(fmt::format("<b>{}</b>: {}", html_escaped(row.name), html_escaped(row.what)));
    return fmt::format("<p class=\"note\">{}.</p>\n", fmt::join(words, "; "));
}

} // namespace

std::string bench_page(const BenchResult &result)
{
    const auto subject = fmt::format("{}, Linux {}", or_not_known(result.machine.cpu_model), result.machine.kernel);
    std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" "
                       "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n";
    html += fmt::format("<title>What a reading costs: {}</title>\n<style>{}</style>\n</head>\n<body>\n",
                        html_escaped(subject), style_sheet);
    html += "<h1>What a reading of the counters costs</h1>\n<p class=\"note\">" + html_escaped(subject) + "</p>\n";
    if (const auto warning = warning_about(result.machine); !warning.empty())
        html += "<p class=\"warning\">These figures were " + html_escaped(warning) + ".</p>\n";
    html +=
        "<h2>Distribution</h2>\n<p class=\"note\">The time axis is logarithmic. The marks below a line are p50, p99 "
        "and "
        "p99.9; the number beside it is p50. Each histogram is scaled to its own height; a single reading is still "
        "one line high.</p>\n";
    html += histogram_plot(result);
    html += baseline_notes(result);
    html += "<h2>Tail</h2>\n<p class=\"note\">The share of readings that took longer than the time on the axis.</p>\n" +
            tail_plot(result);
    html += "<h2>Figures</h2>\n" + figures_section(result);
    html += disturbance_section(result) + missing_section(result) + machine_section(result);
    html += "<h2>How it was measured</h2>\n";
    html +=
        fmt::format("<p>By krunctl bench: {} readings in each way, all ways in turn, in an order that is shuffled for "
                    "each round, by one thread that stays on CPU {}. Every figure includes two time stamps with their "
                    "fences (the row <b>nothing</b>). The interrupts were counted afterwards, in windows of one way "
                    "each.</p>\n",
                    with_thousands(result.readings), result.cpu);
    return html + "</body>\n</html>\n";
}

} // namespace krun
