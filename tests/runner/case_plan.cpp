// SPDX-License-Identifier: MIT
// See case_plan.hpp.
#include "runner/case_plan.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "util/text.hpp"

namespace krun
{

namespace
{

constexpr std::string_view line_label = "line-";
constexpr const char *opt_in_label = "opt-in";

bool contains(const std::vector<std::string> &all, const std::string &one)
{
    return std::find(all.begin(), all.end(), one) != all.end();
}

// The word after --seconds.
unsigned estimate_in(const std::vector<std::string> &command)
{
    const auto option = std::find(command.begin(), command.end(), "--seconds");
    unsigned seconds = 0;
    if (option != command.end() && option + 1 != command.end())
        std::from_chars((option + 1)->data(), (option + 1)->data() + (option + 1)->size(), seconds);
    return seconds;
}

Result<void> expect_known(const char *what, const std::vector<std::string> &wanted, const std::set<std::string> &known)
{
    for (const auto &name : wanted)
        if (!known.contains(name))
            return usage_error(
                fmt::format("there is no {} {}", what, name),
                did_you_mean(name, {known.begin(), known.end()}, fmt::format("there are: {}", fmt::join(known, ", "))));
    return {};
}

} // namespace

bool PlannedCase::opt_in() const { return has(opt_in_label); }

bool PlannedCase::has(const std::string &label) const { return contains(labels, label); }

std::string PlannedCase::line() const
{
    for (const auto &label : labels)
        if (label.starts_with(line_label))
            return label.substr(line_label.size());
    return {};
}

std::string PlannedCase::tier() const
{
    for (const auto &label : labels)
        if (!label.starts_with(line_label) && label != opt_in_label)
            return label;
    return {};
}

Result<std::vector<PlannedCase>> read_cases(const std::string &json)
{
    std::vector<PlannedCase> cases;
    try {
        const auto all = nlohmann::json::parse(json);
        for (const auto &test : all.at("tests")) {
            PlannedCase one;
            test.at("name").get_to(one.name);
            if (test.contains("command"))
                one.estimate = estimate_in(test["command"].get<std::vector<std::string>>());
            const auto properties = test.value("properties", nlohmann::json::array());
            for (const auto &property : properties) {
                const auto name = property.at("name").get<std::string>();
                const auto &value = property.at("value");
                if (name == "LABELS")
                    value.get_to(one.labels);
                else if (name == "FIXTURES_REQUIRED")
                    value.get_to(one.needs);
                else if (name == "FIXTURES_SETUP")
                    value.get_to(one.gives);
                else if (name == "TIMEOUT")
                    one.limit = static_cast<unsigned>(value.get<double>());
            }
            cases.push_back(std::move(one));
        }
    } catch (const nlohmann::json::exception &error) {
        return failure(fmt::format("what CTest says of its cases cannot be read: {}", error.what()));
    }
    return cases;
}

std::vector<std::string> givers(const std::vector<PlannedCase> &cases, const PlannedCase &one)
{
    std::vector<std::string> names;
    for (const auto &other : cases)
        for (const auto &fixture : other.gives)
            if (contains(one.needs, fixture))
                names.push_back(other.name);
    return names;
}

Result<CasePlan> plan_cases(const std::vector<PlannedCase> &all, const std::vector<std::string> &lines,
                            const std::vector<std::string> &labels, const std::vector<std::string> &without_source)
{
    std::set<std::string> known_lines;
    std::set<std::string> known_labels;
    for (const auto &one : all) {
        if (!one.line().empty())
            known_lines.insert(one.line());
        known_labels.insert(one.labels.begin(), one.labels.end());
    }
    for (const auto &line : lines)
        if (contains(without_source, line))
            return usage_error(fmt::format("no Debian suite has the source of Linux {}", line),
                               fmt::format("./krun test --source {}=TREE", line));
    TRY(expect_known("kernel line", lines, known_lines));
    TRY(expect_known("label", labels, known_labels));

    std::set<std::string> chosen;
    std::set<std::string> other_lines;
    for (const auto &one : all) {
        if (!lines.empty() && !one.line().empty() && !contains(lines, one.line()))
            other_lines.insert(one.name);
        else if (labels.empty() ? !one.opt_in()
                                : std::any_of(labels.begin(), labels.end(), [&](const auto &l) { return one.has(l); }))
            chosen.insert(one.name);
    }
    for (std::size_t before = 0; before != chosen.size();) { // what they need, and what that needs
        before = chosen.size();
        for (const auto &one : all)
            if (chosen.contains(one.name))
                for (const auto &giver : givers(all, one))
                    chosen.insert(giver);
    }
    CasePlan plan;
    for (const auto &one : all)
        if (chosen.contains(one.name))
            plan.run.push_back(one);
        else if (labels.empty() && one.gives.empty() && !other_lines.contains(one.name))
            plan.left_out.push_back(one);
    return plan;
}

std::string regex_of(const std::vector<PlannedCase> &cases)
{
    std::string names;
    for (const auto &one : cases) {
        names += names.empty() ? "" : "|";
        for (const char letter : one.name)
            names += letter == '.' ? std::string("[.]") : std::string(1, letter);
    }
    return "^(" + names + ")$";
}

} // namespace krun
