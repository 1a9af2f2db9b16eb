// SPDX-License-Identifier: MIT
// See case_result.hpp.
#include "cases/case_result.hpp"

namespace krun
{

nlohmann::ordered_json to_json(const CaseResult &result)
{
    return {{"passed", result.tally.passed},   {"passes", result.tally.passes},
            {"failed", result.tally.failures}, {"skipped", result.tally.skips},
            {"stages", result.stages},         {"facts", result.facts},
            {"not_run", result.not_run},       {"proven_before", result.proven_before}};
}

std::optional<CaseResult> case_result_from(const std::string &text)
{
    CaseResult result;
    try {
        const auto json = nlohmann::json::parse(text);
        json.at("passed").get_to(result.tally.passed);
        result.tally.passes = json.value("passes", result.tally.passes);
        for (const auto &name : json.at("failed"))
            result.tally.fail(name.get<std::string>());
        for (const auto &name : json.at("skipped"))
            result.tally.skip(name.get<std::string>());
        result.stages = json.value("stages", result.stages);
        result.facts = json.value("facts", result.facts);
        result.not_run = json.value("not_run", "");
        result.proven_before = json.value("proven_before", false);
    } catch (const nlohmann::json::exception &) {
        return std::nullopt;
    }
    return result;
}

std::filesystem::path result_file(const std::filesystem::path &folder, const std::string &name)
{
    return folder / (name + ".json");
}

std::optional<CaseResult> read_result(Filesystem &files, const std::filesystem::path &file)
{
    const auto text = files.read(file);
    return text ? case_result_from(*text) : std::nullopt;
}

} // namespace krun
