// SPDX-License-Identifier: MIT

#include "report/line_report.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/table.hpp"
#include "self/krunctl.hpp"

namespace krun
{
namespace
{

Result<bool> is_newer(ProcessRunner &runner, const std::string &version, const std::string &than)
{
    if (than.empty())
        return true;
    Command compare;
    compare.argv = {"dpkg", "--compare-versions", version, "gt", than};
    return TRY(runner.run(compare)).ok();
}

// What is not known is null to a program.
nlohmann::ordered_json text_or_null(const std::string &text)
{
    return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

std::string word(Outcome outcome) { return outcome == Outcome::ok ? "ok" : outcome == Outcome::failed ? "FAIL" : "-"; }

std::string result_of(const FittedHook &hook)
{
    if (hook.fit == Fit::placed)
        return hook.fuzz > 0 ? fmt::format("placed, with fuzz {}", hook.fuzz) : "placed";
    return (hook.fit == Fit::missing ? "MISSING: " : "not needed: ") + hook.reason;
}

std::vector<std::string> missing(const FittedHooks &hooks, bool required)
{
    std::vector<std::string> names;
    for (const auto &hook : hooks) {
        if (hook.fit == Fit::missing && hook.required == required)
            names.push_back(hook.name);
    }
    return names;
}

std::string verdict(const TreeFit &fit)
{
    const auto required = missing(fit.hooks, true);
    const auto optional = missing(fit.hooks, false);
    if (!required.empty())
        return fmt::format("it would not build: without {}\n", fmt::join(required, ", "));
    const auto config =
        fmt::format(" (all required hooks have a place; the configuration is that of the line {})\n", fit.line);
    if (optional.empty())
        return "it would build, and lack nothing" + config;
    auto text = fmt::format("it would build, without {}{}", fmt::join(optional, ", "), config);
    for (const auto &hook : fit.hooks) {
        if (hook.fit == Fit::missing)
            text += fmt::format("  {}: {}\n", hook.name, hook.without);
    }
    return text;
}

} // namespace

std::filesystem::path proof_file(const std::string &line) { return cache_directory() / "proven" / (line + ".json"); }

std::optional<Proof> read_proof(Filesystem &files, const std::filesystem::path &file)
{
    try {
        return nlohmann::json::parse(files.read(file).value_or("")).get<Proof>();
    } catch (const nlohmann::json::exception &) {
        return std::nullopt;
    }
}

std::string upstream_version(const std::string &package_version)
{
    const std::string version = package_version.substr(package_version.find(':') + 1);
    return version.substr(0, version.rfind('-'));
}

Result<bool> is_untried(ProcessRunner &runner, const std::string &newest, const std::string &tested,
                        const std::string &proven)
{
    return !newest.empty() && TRY(is_newer(runner, upstream_version(newest), tested)) &&
           TRY(is_newer(runner, newest, proven));
}

std::string line_list_table(const std::vector<LineSummary> &lines)
{
    Table table({{"LINE"}, {"NEWEST"}, {"TESTED"}, {"PROVEN"}, {"HOOKS", Align::right}, {"SOURCE"}, {"STATE"}});
    bool any_untried = false;
    for (const LineSummary &line : lines) {
        any_untried = any_untried || line.untried;
        const bool named = line.source.empty(); // there is nothing to fetch
        const std::string newest = named ? "-" : line.newest.empty() ? "unknown" : line.newest;
        table.add({line.line, newest + (line.untried ? " *" : ""), line.tested.empty() ? "-" : line.tested,
                   line.proven.empty() ? "-" : line.proven, fmt::format("{}", line.hooks),
                   named ? "--source" : line.source, line.state});
    }
    std::string text = table.text();
    if (any_untried)
        text += "* neither tested nor proven yet; `./krun test --line LINE` tries it\n";
    return text;
}

nlohmann::ordered_json line_list_json(const std::vector<LineSummary> &lines)
{
    auto array = nlohmann::ordered_json::array();
    for (const LineSummary &line : lines)
        array.push_back({{"line", line.line},
                         {"newest", text_or_null(line.newest)},
                         {"untried", line.untried},
                         {"tested", text_or_null(line.tested)},
                         {"proven", text_or_null(line.proven)},
                         {"proven_date", text_or_null(line.proven_date)},
                         {"hooks", line.hooks},
                         {"source", text_or_null(line.source)},
                         {"state", line.state}});
    return array;
}

bool all_ok(const LineStatus &status)
{
    return std::ranges::all_of(line_stages,
                               [&](const LineStage &stage) { return status.*stage.outcome == Outcome::ok; });
}

std::string line_status_table(const std::vector<LineStatus> &lines)
{
    std::vector<Table::Column> columns = {{"LINE"}, {"VERSION"}};
    for (const LineStage &stage : line_stages)
        columns.push_back({stage.name});
    Table table(columns);
    for (const LineStatus &status : lines) {
        std::vector<std::string> cells = {status.line, status.version.empty() ? "-" : status.version};
        for (const LineStage &stage : line_stages)
            cells.push_back(word(status.*stage.outcome));
        if (!status.rate.empty())
            cells.back() += " (" + status.rate + "/s)"; // tickless is the last
        table.add(std::move(cells));
    }
    return table.text();
}

nlohmann::ordered_json line_status_json(const std::vector<LineStatus> &lines)
{
    auto array = nlohmann::ordered_json::array();
    for (const LineStatus &status : lines) {
        nlohmann::ordered_json row = {{"line", status.line}, {"version", status.version}};
        for (const LineStage &stage : line_stages)
            row[stage.name] = word(status.*stage.outcome);
        row["tickless_rate"] = status.rate;
        array.push_back(std::move(row));
    }
    return array;
}

std::string tree_fit_text(const TreeFit &fit)
{
    Table table({{"HOOK"}, {"REQUIRED"}, {"FROM"}, {"RESULT"}});
    for (const auto &hook : fit.hooks)
        table.add({hook.name, hook.required ? "yes" : "no", hook.series.empty() ? "-" : hook.series, result_of(hook)});
    return fmt::format("Linux {} in {}\n\n{}\n{}", fit.version, fit.tree, table.text(), verdict(fit));
}

nlohmann::ordered_json tree_fit_json(const TreeFit &fit)
{
    return {{"tree", fit.tree},
            {"version", fit.version},
            {"line", fit.line},
            {"builds", !lacks_required(fit.hooks)},
            {"lacks", missing(fit.hooks, false)},
            {"hooks", as_json(fit.hooks)}};
}

} // namespace krun
