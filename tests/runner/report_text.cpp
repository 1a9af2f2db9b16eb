// SPDX-License-Identifier: MIT
// A run's report, for people and for programs.
#include <fmt/format.h>

#include "runner/run_report.hpp"

namespace krun
{

namespace
{

std::string escaped(const std::string &text)
{
    std::string safe;
    for (const char letter : text) {
        if (letter == '&')
            safe += "&amp;";
        else if (letter == '<')
            safe += "&lt;";
        else if (letter == '>')
            safe += "&gt;";
        else if (letter == '"')
            safe += "&quot;";
        else if (static_cast<unsigned char>(letter) >= ' ' || letter == '\n' || letter == '\t')
            safe += letter;
    }
    return safe;
}

std::string outcome_of(const CaseResult &result)
{
    if (result.tally.failed != 0)
        return "failed";
    return result.tally.passed != 0 ? "passed" : "skipped";
}

} // namespace

std::string closing_line(const Tally &tally)
{
    return fmt::format("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.skipped);
}

std::string list_of_failures(const RunReport &report, const std::string &logs)
{
    std::string text;
    for (const auto &one : report.cases) {
        for (const auto &name : one.result.tally.failures)
            text += fmt::format("FAILED: {}: {}\n", one.plan.name, name);
        if (one.result.tally.failed != 0)
            text += fmt::format("log: {}/{}.log\n", logs, one.plan.name);
    }
    return text;
}

std::string list_of_skips(const RunReport &report)
{
    std::string text;
    for (const auto &one : report.cases)
        for (const auto &name : one.result.tally.skips)
            text += fmt::format("skipped: {}: {}\n", one.plan.name, name);
    return text;
}

nlohmann::ordered_json report_json(const RunReport &report)
{
    const auto total = report.total();
    auto cases = nlohmann::ordered_json::array();
    for (const auto &one : report.cases) {
        auto json = to_json(one.result);
        json["name"] = one.plan.name;
        json["labels"] = one.plan.labels;
        json["outcome"] = outcome_of(one.result);
        json["seconds"] = one.seconds;
        cases.push_back(std::move(json));
    }
    return {{"passed", total.passed},   {"failed", total.failed},
            {"skipped", total.skipped}, {"proven_before", report.proven_before()},
            {"cases", cases},           {"lines", line_status_json(line_statuses(report))}};
}

// Tests without a name of their own are numbered.
std::string report_junit(const RunReport &report)
{
    const auto total = report.total();
    std::string text = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
        total.passed + total.failed + total.skipped, total.failed, total.skipped);
    for (const auto &one : report.cases) {
        const auto &tally = one.result.tally;
        text += fmt::format(" <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" time=\"{:.2f}\">\n",
                            escaped(one.plan.name), tally.passed + tally.failed + tally.skipped, tally.failed,
                            tally.skipped, one.seconds);
        const auto start = fmt::format("  <testcase classname=\"{}\" name=", escaped(one.plan.name));
        for (const auto &name : tally.passes)
            text += fmt::format("{}\"{}\"/>\n", start, escaped(name));
        for (auto number = tally.passes.size() + 1; number <= tally.passed; ++number)
            text += fmt::format("{}\"passed {}\"/>\n", start, number);
        for (const auto &name : tally.failures)
            text += fmt::format("{}\"{}\"><failure message=\"{}\"/></testcase>\n", start,
                                escaped(name.substr(0, name.find('\n'))), escaped(name));
        for (const auto &name : tally.skips)
            text += fmt::format("{0}\"{1}\"><skipped message=\"{1}\"/></testcase>\n", start, escaped(name));
        text += " </testsuite>\n";
    }
    return text + "</testsuites>\n";
}

} // namespace krun
