// SPDX-License-Identifier: MIT
#include "report/check_report.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace krun
{
namespace
{

struct StatusWord {
    CheckStatus status;
    const char *word;
    const char *meaning; // of several, for the last line; empty where that does not count them
};

constexpr std::array status_words = {
    StatusWord{CheckStatus::pass, "pass", ""},
    StatusWord{CheckStatus::fail, "fail", "broken"},
    StatusWord{CheckStatus::unknown, "unknown", "could not be measured"},
    StatusWord{CheckStatus::missing, "missing", "missing"},
    StatusWord{CheckStatus::skip, "skip", ""},
};

const char *word(CheckStatus status) { return std::ranges::find(status_words, status, &StatusWord::status)->word; }

} // namespace

std::string check_report(const std::vector<CheckResult> &results)
{
    std::string text;
    for (const CheckResult &result : results) {
        text += fmt::format("{:<7}  {}: {}{}\n", word(result.status), result.title, result.detail,
                            result.required || result.status == CheckStatus::pass ? "" : " (not required)");
        if (!result.remedy.empty())
            text += fmt::format("         -> {}\n", result.remedy);
    }
    return text;
}

std::string check_verdict(const std::vector<CheckResult> &results)
{
    if (all_good(results))
        return "all good";
    std::vector<std::string> parts;
    for (const StatusWord &one : status_words) {
        const auto count = std::ranges::count_if(
            results, [&](const CheckResult &result) { return result.required && result.status == one.status; });
        if (count > 0 && *one.meaning != '\0')
            parts.push_back(fmt::format("{} {}", count, one.meaning));
    }
    return fmt::format("NOT all good: {}",
                       parts.empty() ? "nothing passed" : fmt::format("{}", fmt::join(parts, ", ")));
}

nlohmann::json check_json(const std::string &kernel_release, KrunWorld world, const std::vector<CheckResult> &results)
{
    nlohmann::json checks = nlohmann::json::array();
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
    return {{"kernel", kernel_release},
            {"krun", name_of(world)},
            {"passed", all_good(results)},
            {"checks", std::move(checks)}};
}

std::optional<CheckResult> check_in_json(const std::string &report, const std::string &id)
{
    try {
        const auto json = nlohmann::json::parse(report);
        for (const auto &check : json.at("checks")) {
            if (check.at("id") != id)
                continue;
            CheckResult result = unknown(check.at("detail"), check.at("remedy"));
            result.id = id;
            result.title = check.at("title");
            result.required = check.value("required", true);
            result.rates = check.value("rates_per_second", result.rates);
            for (const StatusWord &one : status_words)
                if (check.at("status") == one.word)
                    result.status = one.status;
            return result;
        }
    } catch (const nlohmann::json::exception &) { // something else, or damaged
    }
    return std::nullopt;
}

} // namespace krun
