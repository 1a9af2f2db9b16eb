// SPDX-License-Identifier: MIT
#include "util/check_result.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace krun
{
namespace
{

constexpr std::array words = {"pass", "warn", "fail", "missing", "unknown", "skip"}; // as the enumerators

const char *word(CheckStatus status) { return words.at(static_cast<std::size_t>(status)); }

} // namespace

std::string check_report(const std::vector<CheckResult> &results, std::size_t width)
{
    std::string text;
    for (const CheckResult &result : results) {
        text += fmt::format("{:<{}}  {}: {}{}\n", word(result.status), width, result.title, result.detail,
                            result.required || result.status == CheckStatus::pass ? "" : " (not required)");
        if (!result.remedy.empty())
            text += fmt::format("{:{}}  -> {}\n", "", width, result.remedy);
    }
    return text;
}

nlohmann::ordered_json checks_as_json(const std::vector<CheckResult> &results)
{
    auto checks = nlohmann::ordered_json::array();
    for (const CheckResult &result : results) {
        checks.push_back({{"id", result.id},
                          {"title", result.title},
                          {"status", word(result.status)},
                          {"required", result.required},
                          {"detail", result.detail},
                          {"remedy", result.remedy}});
        if (!result.rates.empty())
            checks.back()["rates_per_second"] = result.rates;
    }
    return checks;
}

CheckResult check_from_json(const nlohmann::json &json)
{
    CheckResult result = unknown(json.at("detail"), json.at("remedy"));
    result.id = json.at("id");
    result.title = json.at("title");
    result.required = json.value("required", true);
    result.rates = json.value("rates_per_second", result.rates);
    if (const auto *const known = std::ranges::find(words, json.at("status").get<std::string>()); known != words.end())
        result.status = static_cast<CheckStatus>(known - words.begin());
    return result;
}

} // namespace krun
