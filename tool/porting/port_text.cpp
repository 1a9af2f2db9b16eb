// SPDX-License-Identifier: MIT
// The report of a port in words; see port_text.hpp.
#include "porting/port_text.hpp"

#include <fmt/format.h>

#include "report/table.hpp"

namespace krun
{
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
