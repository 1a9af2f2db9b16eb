// SPDX-License-Identifier: MIT
// Why a requested symbol is not in the final configuration; see unmet_dependency.hpp.
#include "build/unmet_dependency.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "build/kconfig_expression.hpp"

namespace krun
{
namespace
{

constexpr std::size_t named_selectors = 4;

std::vector<std::string> unmet_parts(const KconfigDefinition &definition, const ConfigValues &values)
{
    auto conditions = definition.conditions;
    if (!definition.prompt_condition.empty())
        conditions.push_back(definition.prompt_condition);
    std::vector<std::string> unmet;
    for (const auto &condition : conditions) {
        for (auto &part : conjuncts(condition)) {
            if (evaluate(part, values) == Tristate::no && std::find(unmet.begin(), unmet.end(), part) == unmet.end())
                unmet.push_back(std::move(part));
        }
    }
    return unmet;
}

// Of several definitions the one nearest to being possible, preferring those that can be requested.
const KconfigDefinition &nearest(const std::vector<KconfigDefinition> &definitions, const ConfigValues &values)
{
    return *std::min_element(definitions.begin(), definitions.end(), [&values](const auto &left, const auto &right) {
        return std::pair(!left.has_prompt, unmet_parts(left, values).size()) <
               std::pair(!right.has_prompt, unmet_parts(right, values).size());
    });
}

std::string selectors(const KconfigTree &tree, const std::string &symbol)
{
    const auto found = tree.selected_by.find(symbol);
    if (found == tree.selected_by.end())
        return "it cannot be set by hand";
    auto names = found->second;
    const bool more = names.size() > named_selectors;
    names.resize(std::min(names.size(), named_selectors));
    return fmt::format("it cannot be set by hand; selected by {}{}", fmt::join(names, ", "), more ? ", ..." : "");
}

std::string explain(const KconfigTree &tree, const ConfigValues &values, const std::string &symbol, bool deeper);

// One unmet part, with why the symbol in it is as it is.
std::string explain_part(const KconfigTree &tree, const ConfigValues &values, const std::string &part, bool deeper)
{
    if (is_symbol(part)) {
        if (!deeper)
            return part;
        return fmt::format("{} (off: {})", part, explain(tree, values, part, false));
    }
    if (part.starts_with('!') && is_symbol(part.substr(1)))
        return fmt::format("{} (it is {})", part, value_of(values, part.substr(1)));
    return part;
}

std::string explain(const KconfigTree &tree, const ConfigValues &values, const std::string &symbol, bool deeper)
{
    const auto found = tree.symbols.find(symbol);
    if (found == tree.symbols.end())
        return "there is no such symbol in this kernel";
    const auto &definition = nearest(found->second, values);
    const auto unmet = unmet_parts(definition, values);
    if (!unmet.empty()) {
        std::vector<std::string> parts;
        parts.reserve(unmet.size());
        for (const auto &part : unmet)
            parts.push_back(explain_part(tree, values, part, deeper));
        return fmt::format("needs {}", fmt::join(parts, ", and "));
    }
    if (!definition.has_prompt)
        return selectors(tree, symbol);
    if (!definition.choice.empty())
        return fmt::format("another one was chosen for \"{}\"", definition.choice);
    return deeper ? "its dependencies are met; something selects it, or limits its value" : "not requested";
}

} // namespace

std::string explain_unmet(const KconfigTree &tree, const ConfigValues &final_values, const std::string &symbol)
{
    return explain(tree, final_values, symbol, true);
}

} // namespace krun
