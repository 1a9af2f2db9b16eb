// SPDX-License-Identifier: MIT
// The page is written as text, with its colours in one style sheet: light or dark as the reader's system has it. All
// that comes from the machine goes through html_escaped().
#include "report/bench_report.hpp"

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
.mark { stroke: var(--text); stroke-width: 1.4; } .fill { fill: var(--color); fill-opacity: 0.75; stroke: none; }
.tail { fill: none; stroke: var(--color); stroke-width: 1.8; stroke-linejoin: round; } .tail:hover { stroke-width: 3.5; }
.dashes { stroke-dasharray: 7 4; } .dots { stroke-dasharray: 1.5 3.5; } .dash-dots { stroke-dasharray: 9 3 1.5 3; }
.way-0 { --color: var(--way-0); } .way-1 { --color: var(--way-1); } .way-2 { --color: var(--way-2); }
.way-3 { --color: var(--way-3); } .way-4 { --color: var(--way-4); } .base { --color: var(--base); }
)";

constexpr const char *page_template = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What a reading costs: {subject}</title>
<style>{style}</style>
</head>
<body>
<h1>What a reading of the counters costs</h1>
<p class="note">{subject}</p>
{warning}<h2>Distribution</h2>
<p class="note">The time axis is logarithmic. The marks below a line are p50, p99 and p99.9; the number beside it is p50.
Each histogram is scaled to its own height; a single reading is still one line high.</p>
{histograms}<p class="note">{baselines}.</p>
<h2>Tail</h2>
<p class="note">The share of readings that took longer than the time on the axis.</p>
{tails}<h2>Figures</h2>
{figures}{disturbance}{missing}{machine}<h2>How it was measured</h2>
<p>By krunctl bench: {readings} readings in each way, all ways in turn, in an order that is shuffled for each round, by one
thread that stays on CPU {cpu}. Every figure includes two time stamps with their fences (the row <b>nothing</b>). The
interrupts were counted afterwards, in windows of one way each.</p>
</body>
</html>
)";

// A cell or a heading. What stands in a second line is a note.
std::string element(const char *tag, const std::string &style, const std::string &text)
{
    auto html = html_escaped(text);
    if (const auto end = html.find('\n'); end != std::string::npos)
        html.replace(end, 1, "<br><span class=\"note\">").append("</span>");
    return fmt::format("<{0}{1}>{2}</{0}>", tag, style.empty() ? "" : " class=\"" + style + "\"", html);
}

std::string table_of(const std::string &rows) { return "<div class=\"wide\"><table>\n" + rows + "</table></div>\n"; }

struct PageColumn {
    std::string heading;
    std::string style; // of its cells
};

std::string table_of(const std::vector<PageColumn> &columns, const std::vector<std::vector<std::string>> &rows)
{
    std::string html = "<tr>";
    for (const PageColumn &column : columns)
        html += element("th", column.style, column.heading);
    for (const auto &cells : rows) {
        html += "</tr>\n<tr>";
        for (std::size_t at = 0; at < columns.size(); at++)
            html += element("td", columns[at].style, cells[at]);
    }
    return table_of(html + "</tr>\n");
}

std::string figures_section(const BenchResult &result)
{
    std::vector<PageColumn> columns = {{"way", "unbroken"}, {"scope", "unbroken"}, {"readings", "number"}};
    for (const CostFigure &figure : cost_figures)
        columns.push_back({figure.name, "number"});
    const auto shown = [&](std::uint64_t ticks) {
        const auto time = nanoseconds(result, ticks);
        return (time ? short_number(*time) + "\n" : "") + with_thousands(ticks);
    };
    std::vector<std::vector<std::string>> rows;
    bool fewer = false;
    for (const BenchRow *row : all_rows(result)) {
        rows.push_back(time_cells(*row, shown));
        fewer = fewer || row->cost.fewer;
    }
    return fmt::format("{}<p class=\"note\">{}</p>\n{}", table_of(columns, rows),
                       result.tsc_hz == 0 ? "In TSC ticks, as the TSC's frequency is not known."
                                          : "Nanoseconds; below them, TSC ticks.",
                       fewer ? "<p class=\"note\">* Fewer readings, because each takes long.</p>\n" : "");
}

std::string disturbance_section(const BenchResult &result)
{
    if (result.ways.empty())
        return {};
    std::vector<std::vector<std::string>> rows;
    for (const BenchRow &row : result.ways)
        rows.push_back(disturbance_cells(row));
    return "<h2>What a reading delivers, and what it disturbs</h2>\n" +
           table_of({{"way", "unbroken"},
                     {"scope", "unbroken"},
                     {"CPUs", "number"},
                     {"interrupts on other CPUs per reading", "number"},
                     {"in the same time without readings", "number"},
                     {"kinds", "unbroken"},
                     {"counters", ""}},
                    rows);
}

std::string missing_section(const BenchResult &result)
{
    std::vector<std::vector<std::string>> rows;
    for (const BenchRow &row : result.ways)
        if (!row.error.empty())
            rows.push_back({row.name, row.scope, "stopped early: " + row.error, ""});
    for (const MissingRow &one : missing_rows(result))
        rows.push_back({one.name, one.scopes, one.reason, one.remedy});
    if (rows.empty())
        return {};
    return "<h2>Ways that cannot be used here</h2>\n" +
           table_of({{"way", "unbroken"}, {"scope", "unbroken"}, {"why", ""}, {"remedy", ""}}, rows);
}

std::string or_not_known(const std::string &text) { return text.empty() ? "not known" : text; }

std::string machine_section(const BenchResult &result)
{
    const MachineFacts &facts = result.machine;
    std::vector<std::pair<std::string, std::string>> rows = {
        {"CPU", or_not_known(facts.cpu_model)},
        {"microcode", or_not_known(facts.microcode)},
        {"kernel", or_not_known(facts.kernel + " " + facts.kernel_version)},
        {"machine", facts.on_bare_metal()
                        ? "no hypervisor detected"
                        : fmt::format("{} ({})", facts.emulated ? "emulated" : "virtual", facts.hypervisor)},
        {"CPUs online", format_cpu_list(facts.online)},
        {"adaptive-tick CPUs", format_cpu_list(facts.adaptive_tick)},
        {"measured on CPU", fmt::format("{}", result.cpu)},
        {"TSC", result.tsc_hz == 0 ? "frequency not known"
                                   : fmt::format("{:.6f} GHz, {}", static_cast<double>(result.tsc_hz) / 1e9,
                                                 result.tsc_invariant ? "invariant" : "not invariant")},
        {"clock source", or_not_known(facts.clock_source)},
        {"frequency governor", facts.governor.empty() ? "none" : facts.governor}};
    rows.insert(rows.end(), facts.mitigations.begin(), facts.mitigations.end());
    std::string html;
    for (const auto &[name, value] : rows)
        html += "<tr>" + element("th", "", name) + element("td", "", value) + "</tr>\n";
    return "<h2>The machine</h2>\n" + table_of(html);
}

std::string baseline_notes(const BenchResult &result)
{
    std::vector<std::string> words;
    for (const BenchRow &row : result.baselines)
        words.push_back(fmt::format("<b>{}</b>: {}", html_escaped(row.name), html_escaped(row.what)));
    return fmt::format("{}", fmt::join(words, "; "));
}

} // namespace

std::string bench_page(const BenchResult &result)
{
    const auto subject = fmt::format("{}, Linux {}", or_not_known(result.machine.cpu_model), result.machine.kernel);
    const auto warning = warning_about(result.machine);
    return fmt::format(page_template, fmt::arg("subject", html_escaped(subject)), fmt::arg("style", style_sheet),
                       fmt::arg("warning", warning.empty()
                                               ? ""
                                               : fmt::format("<p class=\"warning\">These figures were {}.</p>\n",
                                                             html_escaped(warning))),
                       fmt::arg("histograms", histogram_plot(result)), fmt::arg("baselines", baseline_notes(result)),
                       fmt::arg("tails", tail_plot(result)), fmt::arg("figures", figures_section(result)),
                       fmt::arg("disturbance", disturbance_section(result)),
                       fmt::arg("missing", missing_section(result)), fmt::arg("machine", machine_section(result)),
                       fmt::arg("readings", with_thousands(result.readings)), fmt::arg("cpu", result.cpu));
}

} // namespace krun
