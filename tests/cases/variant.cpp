// SPDX-License-Identifier: MIT
// See variant.hpp.
#include "cases/variant.hpp"

#include "util/text.hpp"

namespace krun
{

std::optional<Variant> parse_variant(const std::string &patch)
{
    Variant variant;
    for (const auto &line : lines_of(patch)) {
        const auto words = words_of(line);
        if (line == "---")
            break;
        if (words.size() < 2)
            continue;
        if (words[0] == "Kernel:")
            variant.config = words[1];
        else if (words[0] == "Fails:") {
            variant.selftest = words[1];
            variant.failing.insert(words.begin() + 2, words.end());
        } else if (words[0] == "Passes:")
            variant.passing.assign(words.begin() + 1, words.end());
    }
    if (variant.config.empty() || variant.failing.empty() == variant.passing.empty())
        return {};
    return variant;
}

std::set<std::string> failed_tests(const std::string &tap)
{
    std::set<std::string> names;
    for (const auto &line : lines_of(tap)) {
        const auto words = words_of(line);
        if (line.starts_with("not ok ") && words.size() > 3)
            names.insert(words[3].substr(words[3].find('.') + 1));
    }
    return names;
}

} // namespace krun
