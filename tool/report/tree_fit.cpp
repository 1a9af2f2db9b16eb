// SPDX-License-Identifier: MIT
// How a kernel tree would take the hooks; see tree_fit.hpp.
#include "report/tree_fit.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <vector>

#include "report/table.hpp"

namespace krun
{
namespace
{

std::string result_of(const FittedHook &hook)
{
    switch (hook.fit) {
    case Fit::placed:
        return hook.fuzz > 0 ? fmt::format("placed, with fuzz {}", hook.fuzz) : "placed";
    case Fit::not_needed:
        return "not needed: " + hook.reason;
    case Fit::missing:
        break;
    }
    return fmt::format("MISSING: {}", hook.reason);
}

std::vector<std::string> missing(const FittedHooks &hooks, bool required)
{
    std::vector<std::string> names;
    for (const auto &hook : hooks) {
        if (hook.fit == Fit::missing && hook.required == required)
            names.push_back(hook.name);
    }
    return names;
}

std::string verdict(const TreeFit &fit)
{
    const auto required = missing(fit.hooks, true);
    const auto optional = missing(fit.hooks, false);
    if (!required.empty())
        return fmt::format("it would not build: without {}\n", fmt::join(required, ", "));
    const auto config =
        fmt::format(" (all required hooks have a place; the configuration is that of the line {})\n", fit.line);
    if (optional.empty())
        return "it would build, and lack nothing" + config;
    auto text = fmt::format("it would build, without {}{}", fmt::join(optional, ", "), config);
    for (const auto &hook : fit.hooks) {
        if (hook.fit == Fit::missing)
            text += fmt::format("  {}: {}\n", hook.name, hook.without);
    }
    return text;
}

} // namespace

std::string tree_fit_text(const TreeFit &fit)
{
    Table table({{"HOOK"}, {"REQUIRED"}, {"FROM"}, {"RESULT"}});
    for (const auto &hook : fit.hooks)
        table.add({hook.name, hook.required ? "yes" : "no", hook.series.empty() ? "-" : hook.series, result_of(hook)});
    return fmt::format("Linux {} in {}\n\n{}\n{}", fit.version, fit.tree, table.text(), verdict(fit));
}

nlohmann::ordered_json tree_fit_json(const TreeFit &fit)
{
    return {{"tree", fit.tree},
            {"version", fit.version},
            {"line", fit.line},
            {"builds", !lacks_required(fit.hooks)},
            {"lacks", missing(fit.hooks, false)},
            {"hooks", as_json(fit.hooks)}};
}

} // namespace krun
