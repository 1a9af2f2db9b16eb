// SPDX-License-Identifier: MIT
// See ctest_output.hpp.
#include "runner/ctest_output.hpp"

#include <regex>

namespace krun
{

namespace
{

CaseStatus status_in(const std::string &words)
{
    struct Word {
        const char *text;
        CaseStatus status;
    };
    for (const Word &word : {Word{"***Exception", CaseStatus::died},
                             {"***Timeout", CaseStatus::timed_out},
                             {"***Skipped", CaseStatus::skipped},
                             {"***Not Run", CaseStatus::not_run},
                             {"***Failed", CaseStatus::failed},
                             {"Passed", CaseStatus::passed}})
        if (words.find(word.text) != std::string::npos)
            return word.status;
    return CaseStatus::failed;
}

} // namespace

std::optional<std::string> case_start(const std::string &line)
{
    static const std::regex pattern(R"(^ *Start +\d+: (\S+)$)");
    std::smatch match;
    if (!std::regex_match(line, match, pattern))
        return std::nullopt;
    return match[1].str();
}

std::optional<CaseEnd> case_end(const std::string &line)
{
    static const std::regex pattern(R"(^ *\d+/\d+ Test +#\d+: (\S+) \.*(.*?) +([0-9.]+) sec.*$)");
    std::smatch match;
    if (!std::regex_match(line, match, pattern))
        return std::nullopt;
    return CaseEnd{match[1].str(), status_in(match[2].str()), std::stod(match[3].str())};
}

} // namespace krun
