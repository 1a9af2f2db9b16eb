// SPDX-License-Identifier: MIT
// See hook_headings.hpp.
#include "cases/hook_headings.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "hooks/apply_hooks.hpp"
#include "hooks/source_text.hpp"

namespace krun
{

namespace
{

// The lines that the hunk adds first, up to the next that it does not.
std::string first_addition(const Hunk &hunk)
{
    std::string text;
    for (const auto &line : hunk.lines) {
        if (line.starts_with('+'))
            text += line.substr(1) + "\n";
        else if (!text.empty())
            break;
    }
    return text;
}

// Nothing, if all is well with it.
std::string mistake_in(const Hunk &hunk, const std::string &text)
{
    const auto added = first_addition(hunk);
    const auto at = added.empty() ? std::string::npos : text.find(added);
    if (at == std::string::npos)
        return "what it adds is not in the tree";
    const auto line =
        static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n')) + 1;
    const auto inside = name_in_heading(heading_of(text, line));
    if (inside.empty() || inside == name_in_heading(hunk.section))
        return {};
    return fmt::format("it is in `{}`, and its @@ line does not say so", inside);
}

} // namespace

Tally judge_headings(Filesystem &files, const std::filesystem::path &tree, const std::vector<Hook> &hooks)
{
    Tally tally;
    std::size_t judged = 0;
    for (const auto &entry : applied_hooks(files, tree)) {
        const auto *patch = patch_on_record(hooks, entry);
        if (patch == nullptr)
            continue;
        for (const auto &changes : patch->files) {
            const auto text = files.read(tree / changes.path).value_or(std::string());
            const bool is_c = changes.path.ends_with(".c") || changes.path.ends_with(".h");
            for (const auto &hunk : changes.hunks) {
                ++judged;
                const auto mistake = is_c ? mistake_in(hunk, text) : std::string();
                if (!mistake.empty())
                    tally.fail(fmt::format("functions of the hooks: {}, hunk {} of {}: {}", entry.value("hook", ""),
                                           hunk.number, changes.path, mistake));
            }
        }
    }
    if (judged == 0)
        tally.fail("functions of the hooks: no hook is on record");
    if (tally.failed == 0)
        tally.pass("functions of the hooks");
    return tally;
}

} // namespace krun
