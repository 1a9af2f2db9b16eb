// SPDX-License-Identifier: MIT
// The result for every hunk; see port_report.hpp.
#include "porting/port_report.hpp"

#include <algorithm>

namespace krun
{
namespace
{

nlohmann::ordered_json as_json(const HunkReport &hunk)
{
    nlohmann::ordered_json json = {{"file", hunk.file}, {"hunk", hunk.number}, {"place", name_of(hunk.place)}};
    if (!hunk.inside.empty())
        json["inside"] = hunk.inside;
    if (hunk.is_missing()) {
        json["old_line"] = hunk.old_line;
        json["text"] = hunk.text;
        json["conflict"] = hunk.conflict;
        json["look"] = hunk.look;
        return json;
    }
    json["line"] = hunk.line;
    if (hunk.place == Place::moved || hunk.place == Place::fuzzy)
        json["offset"] = hunk.offset;
    if (hunk.place == Place::fuzzy) {
        json["fuzz"] = hunk.fuzz;
        json["confirmed"] = hunk.confirmed;
    }
    return json;
}

} // namespace

bool HookReport::complete() const
{
    return std::none_of(hunks.begin(), hunks.end(), [](const HunkReport &hunk) { return hunk.is_missing(); });
}

bool PortReport::builds() const
{
    return std::all_of(hooks.begin(), hooks.end(),
                       [](const HookReport &hook) { return hook.complete() || !hook.required; });
}

std::size_t PortReport::count(Place place) const
{
    std::size_t found = 0;
    for (const auto &hook : hooks)
        found += static_cast<std::size_t>(std::count_if(hook.hunks.begin(), hook.hunks.end(),
                                                        [&](const HunkReport &hunk) { return hunk.place == place; }));
    return found;
}

std::size_t PortReport::hunks() const
{
    std::size_t all = 0;
    for (const auto &hook : hooks)
        all += hook.hunks.size();
    return all;
}

const char *name_of(Place place)
{
    switch (place) {
    case Place::exactly:
        return "exactly";
    case Place::moved:
        return "moved";
    case Place::fuzzy:
        return "fuzzy";
    case Place::merged:
        return "merged";
    case Place::there:
        return "there";
    case Place::missing:
        break;
    }
    return "missing";
}

nlohmann::ordered_json as_json(const PortReport &report)
{
    auto hooks = nlohmann::ordered_json::array();
    for (const auto &hook : report.hooks) {
        auto hunks = nlohmann::ordered_json::array();
        for (const auto &hunk : hook.hunks)
            hunks.push_back(as_json(hunk));
        nlohmann::ordered_json json = {{"name", hook.name}, {"required", hook.required}};
        if (hook.not_needed.empty())
            json.update({{"variant", hook.variant}, {"complete", hook.complete()}, {"hunks", hunks}});
        else
            json["not_needed"] = hook.not_needed;
        hooks.push_back(std::move(json));
    }
    return {{"tree", report.tree},       {"version", report.version}, {"series", report.series},
            {"from", report.from},       {"base", report.base},       {"complete", report.complete()},
            {"builds", report.builds()}, {"notes", report.notes},     {"hooks", hooks}};
}

} // namespace krun
