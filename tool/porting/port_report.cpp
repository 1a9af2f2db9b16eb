// SPDX-License-Identifier: MIT

#include "porting/port_report.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "report/table.hpp"

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

bool HookReport::complete() const { return std::ranges::none_of(hunks, &HunkReport::is_missing); }

bool PortReport::builds() const
{
    return std::ranges::all_of(hooks, [](const HookReport &hook) { return hook.complete() || !hook.required; });
}

std::size_t PortReport::count(Place place) const
{
    std::size_t found = 0;
    for (const auto &hook : hooks)
        found += static_cast<std::size_t>(std::ranges::count(hook.hunks, place, &HunkReport::place));
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
    constexpr std::array names = {"exactly", "moved", "fuzzy", "merged", "there", "missing"};
    return names.at(static_cast<std::size_t>(place));
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

namespace
{

constexpr std::size_t widest_heading = 40;

std::string distance(long offset)
{
    if (offset == 0)
        return {};
    return fmt::format(", {} line{} {}", offset > 0 ? offset : -offset, offset == 1 || offset == -1 ? "" : "s",
                       offset > 0 ? "further down" : "further up");
}

std::string result_of(const HunkReport &hunk)
{
    switch (hunk.place) {
    case Place::exactly:
        return "fits exactly";
    case Place::moved:
        return "fits" + distance(hunk.offset);
    case Place::fuzzy:
        return fmt::format("fits with fuzz {}{}; {}", hunk.fuzz, distance(hunk.offset),
                           hunk.confirmed ? "a merge agrees" : "LOOK IT OVER");
    case Place::merged:
        return "placed by a merge";
    case Place::there:
        return "is there already";
    case Place::missing:
        break;
    }
    return "MISSING";
}

std::string shortened(const std::string &text)
{
    return text.size() <= widest_heading ? text : text.substr(0, widest_heading - 3) + "...";
}

std::string origin_of(const PortReport &report)
{
    const auto version = report.base.empty() ? std::string() : fmt::format("Linux {}", report.base);
    if (report.forced)
        return fmt::format("the hooks of the line {}{}", report.from, version.empty() ? "" : " (" + version + ")");
    return fmt::format("the hooks that fit it best (the nearest line: {}{})", report.from,
                       version.empty() ? "" : ", " + version);
}

std::string was_in(const HunkReport &hunk, const HookReport &hook)
{
    const auto place = fmt::format("line {} of Linux {}'s file", hunk.old_line, hook.variant);
    return hunk.inside.empty() ? place : fmt::format("{}, inside `{}`", place, hunk.inside);
}

// A fence that no line of the text can end.
std::string fenced(const std::string &text, const std::string &language)
{
    std::string fence = "```";
    while (text.find(fence) != std::string::npos)
        fence += '`';
    return fmt::format("{}{}\n{}{}\n", fence, language, text, fence);
}

std::string notes_on(const HunkReport &hunk, const HookReport &hook)
{
    auto text =
        fmt::format("## {}: {}, hunk {}\n\nIt was in {}.\n\n", hook.name, hunk.file, hunk.number, was_in(hunk, hook));
    for (const auto &hint : hunk.look)
        text += fmt::format("- {}\n", hint);
    text += fmt::format("{}{}", hunk.look.empty() ? "" : "\n", fenced(hunk.text, "diff"));
    if (!hunk.conflict.empty())
        text += fmt::format("\nThe merge's conflict (this kernel's lines, the line's, the line's with the hook):\n\n{}",
                            fenced(hunk.conflict, ""));
    return text + "\n";
}

template <class Action> void for_each_missing(const PortReport &report, const Action &action)
{
    for (const auto &hook : report.hooks) {
        for (const auto &hunk : hook.hunks) {
            if (hunk.is_missing())
                action(hook, hunk);
        }
    }
}

} // namespace

std::string report_table(const PortReport &report)
{
    Table table({{"HOOK"}, {"FROM"}, {"FILE"}, {"HUNK", Align::right}, {"LINE", Align::right}, {"RESULT"}, {"INSIDE"}});
    for (const auto &hook : report.hooks) {
        std::string name = hook.name;
        std::string variant = hook.variant;
        if (!hook.not_needed.empty())
            table.add({name, "-", "-", "-", "-", "not needed", ""});
        for (const auto &hunk : hook.hunks) {
            table.add({name, variant, hunk.file, fmt::format("{}", hunk.number),
                       hunk.line == 0 ? "-" : fmt::format("{}", hunk.line), result_of(hunk), shortened(hunk.inside)});
            name.clear(); // once a hook
            variant.clear();
        }
    }
    auto text = fmt::format("Linux {} with {}\n\n{}\n", report.version, origin_of(report), table.text());
    for (const auto &hook : report.hooks) {
        if (!hook.not_needed.empty())
            text += fmt::format("{} is not needed: {}\n", hook.name, hook.not_needed);
    }
    for (const auto &note : report.notes)
        text += fmt::format("note: {}\n", note);
    const auto missing = report.count(Place::missing);
    if (missing == 0)
        return text + fmt::format("all hunks have a place ({})\n", report.hunks());
    return text + fmt::format("{} of {} hunks have a place, {} missing\n", report.hunks() - missing, report.hunks(),
                              missing == 1 ? "1 is" : fmt::format("{} are", missing));
}

std::string porting_notes(const PortReport &report)
{
    auto text = fmt::format(
        "# What is missing for Linux {}\n\n`krunctl port` has fitted {} to it. Of {} "
        "hunks, {} found no place. Put each into the\npatch that is named with it, which waits as .patch.part, take "
        "the .part off its name,\nand remove this file when none is left.\n\n",
        report.version, origin_of(report), report.hunks(), report.count(Place::missing));
    for (const auto &note : report.notes)
        text += fmt::format("Note: {}.\n\n", note);
    for_each_missing(report, [&](const HookReport &hook, const HunkReport &hunk) { text += notes_on(hunk, hook); });
    text.pop_back(); // the last empty line
    return text;
}

std::string missing_in_short(const PortReport &report)
{
    std::string text;
    for_each_missing(report, [&](const HookReport &hook, const HunkReport &hunk) {
        text += fmt::format("\n{}: {}, hunk {}, was in {}\n", hook.name, hunk.file, hunk.number, was_in(hunk, hook));
        for (const auto &hint : hunk.look)
            text += fmt::format("  {}\n", hint);
    });
    return text;
}

} // namespace krun
