// SPDX-License-Identifier: MIT
#include "report/check_report.hpp"

#include <fmt/format.h>

namespace krun
{

namespace
{

const char *word(CheckStatus status)
{
    switch (status) {
    case CheckStatus::pass:
        return "pass";
    case CheckStatus::fail:
        return "fail";
    case CheckStatus::skip:
        break;
    }
    return "skip";
}

} // namespace

std::string check_report(const std::vector<CheckResult> &results)
{
    std::string text;
    for (const CheckResult &result : results) {
        text += fmt::format("{}  {}: {}\n", word(result.status), result.title, result.detail);
        if (!result.remedy.empty())
            text += fmt::format("      -> {}\n", result.remedy);
    }
    return text;
}

nlohmann::json check_json(const std::string &kernel_release, const std::vector<CheckResult> &results)
{
    nlohmann::json checks = nlohmann::json::array();
    for (const CheckResult &result : results)
        checks.push_back({{"id", result.id},
                          {"title", result.title},
                          {"status", word(result.status)},
                          {"detail", result.detail},
                          {"remedy", result.remedy}});
    return {{"kernel", kernel_release}, {"passed", all_good(results)}, {"checks", std::move(checks)}};
}

std::optional<CheckResult> check_in_json(const std::string &report, const std::string &id)
{
    const auto json = nlohmann::json::parse(report, nullptr, false);
    if (!json.is_object())
        return std::nullopt;
    try {
        for (const auto &check : json.at("checks")) {
            if (check.at("id") != id)
                continue;
            CheckResult result{id, check.at("title"), CheckStatus::skip, check.at("detail"), check.at("remedy")};
            for (const CheckStatus status : {CheckStatus::pass, CheckStatus::fail})
                if (check.at("status") == word(status))
                    result.status = status;
            return result;
        }
    } catch (const nlohmann::json::exception &) {
        return std::nullopt;
    }
    return std::nullopt;
}

} // namespace krun
