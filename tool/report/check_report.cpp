// SPDX-License-Identifier: MIT
#include "report/check_report.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

namespace krun
{
namespace
{

// Of several, in the last line.
constexpr std::array<std::pair<CheckStatus, const char *>, 3> meanings = {
    {{CheckStatus::fail, "broken"},
     {CheckStatus::unknown, "could not be measured"},
     {CheckStatus::missing, "missing"}}};

} // namespace

std::string check_verdict(const std::vector<CheckResult> &results)
{
    if (all_good(results))
        return "all good";
    std::vector<std::string> parts;
    for (const auto &[status, meaning] : meanings) {
        const auto count = std::ranges::count_if(results, [&, wanted = status](const CheckResult &result) {
            return result.required && result.status == wanted;
        });
        if (count > 0)
            parts.push_back(fmt::format("{} {}", count, meaning));
    }
    return fmt::format("NOT all good: {}",
                       parts.empty() ? "nothing passed" : fmt::format("{}", fmt::join(parts, ", ")));
}

nlohmann::json check_json(const std::string &kernel_release, KrunWorld world, const std::vector<CheckResult> &results)
{
    return {{"kernel", kernel_release},
            {"krun", name_of(world)},
            {"passed", all_good(results)},
            {"checks", checks_as_json(results)}};
}

std::optional<CheckResult> check_in_json(const std::string &report, const std::string &id)
{
    try {
        const auto json = nlohmann::json::parse(report);
        for (const auto &check : json.at("checks")) {
            if (check.at("id") == id)
                return check_from_json(check);
        }
    } catch (const nlohmann::json::exception &) { // something else, or damaged
    }
    return std::nullopt;
}

} // namespace krun
