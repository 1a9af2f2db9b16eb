// SPDX-License-Identifier: MIT
// The hooks of one line, applied to the files of another kernel; see port_hooks.hpp.
#include "porting/port_hooks.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "hooks/fitting.hpp"
#include "hooks/source_text.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

using Chosen = std::vector<bool>; // of the hunks of a file

FilePatch only(const FilePatch &changes, const Chosen &chosen)
{
    FilePatch part{changes.path, {}};
    for (std::size_t at = 0; at < changes.hunks.size(); ++at) {
        if (chosen[at])
            part.hunks.push_back(changes.hunks[at]);
    }
    return part;
}

// Where the lines are that the hunk wants, nearest to where it wants them; 0 if nowhere. Lines share patches, so that
// one was not always made for the line's own file.
std::size_t place_of(const Hunk &hunk, const std::string &text)
{
    std::vector<std::string> wanted;
    for (const auto &line : hunk.lines) {
        if (line.front() == ' ' || line.front() == '-')
            wanted.push_back(line.substr(1));
    }
    const auto distance = [&hunk](std::size_t line) {
        return line > hunk.old_line ? line - hunk.old_line : hunk.old_line - line;
    };
    const auto lines = lines_of(text);
    std::size_t best = 0;
    for (auto from = lines.begin();; ++from) {
        from = std::search(from, lines.end(), wanted.begin(), wanted.end());
        if (from == lines.end())
            return best;
        const auto at = static_cast<std::size_t>(from - lines.begin()) + 1;
        if (best == 0 || distance(at) < distance(best))
            best = at;
    }
}

// Of hunks of which nothing is known yet.
std::vector<HunkReport> reports_of(const FilePatch &changes)
{
    std::vector<HunkReport> reports;
    for (const auto &hunk : changes.hunks) {
        HunkReport report;
        report.file = changes.path;
        report.number = hunk.number;
        report.old_line = hunk.old_line;
        reports.push_back(std::move(report));
    }
    return reports;
}

// One file of one hook on its way into the new kernel.
class FilePort
{
  public:
    FilePort(Workbench &bench, const MergeLabels &labels, const FilePatch &changes, std::string text)
        : bench_(bench), labels_(labels), changes_(changes), text_(std::move(text)), placed_(changes.hunks.size()),
          reports_(reports_of(changes))
    {
    }

    // `base`: the line's own file before this hook.
    Result<void> run(const std::optional<std::string> &base)
    {
        TRY(patch());
        if (!base)
            return {};
        for (std::size_t at = 0; at < reports_.size(); ++at)
            TRY(reports_[at].place == Place::fuzzy ? confirm(*base, at) : Result<void>());
        for (std::size_t at = 0; at < reports_.size(); ++at)
            TRY(reports_[at].is_missing() ? merge(*base, at) : Result<void>());
        return {};
    }

    [[nodiscard]] const std::string &text() const { return text_; }
    std::vector<HunkReport> &reports() { return reports_; }

  private:
    Result<void> patch()
    {
        auto tried = TRY(bench_.patch(text_, changes_));
        for (std::size_t at = 0; at < reports_.size(); ++at)
            placed_[at] = is_trustworthy(changes_.path, changes_.hunks[at], tried.fates[at], tried.text);
        const auto trusted = only(changes_, placed_);
        if (trusted.hunks.empty())
            return {};
        auto patched = TRY(bench_.patch(text_, trusted));
        text_ = std::move(patched.text);
        std::size_t next = 0;
        for (std::size_t at = 0; at < reports_.size(); ++at) {
            if (!placed_[at])
                continue;
            const auto &fate = patched.fates[next++];
            auto &report = reports_[at];
            report.place = fate.fuzz > 0 ? Place::fuzzy : fate.offset != 0 ? Place::moved : Place::exactly;
            report.offset = fate.offset;
            report.fuzz = fate.fuzz;
            report.line = fate.line;
            report.inside = heading_of(text_, fate.line + changes_.hunks[at].leading_context());
        }
        return {};
    }

    // What only the hunk `at` does to the line's file that has the hunks `others`, done to `tree`. Not clean, but
    // without a conflict, if the hunks do not fit the line's own file one by one.
    Result<MergedText> merge_one(const std::string &base, const Chosen &others, std::size_t at, const std::string &tree)
    {
        auto with = others;
        with[at] = true;
        const auto before = TRY(bench_.patch(base, only(changes_, others)));
        const auto after = TRY(bench_.patch(base, only(changes_, with)));
        if (!before.complete() || !after.complete())
            return MergedText{};
        return bench_.merge(tree, before.text, after.text, labels_);
    }

    // Fuzz can mean a wrong place. Does a merge, which looks at the whole file, choose the same one?
    Result<void> confirm(const std::string &base, std::size_t at)
    {
        const auto without = without_hunk(text_, changes_.hunks[at], reports_[at].line);
        if (!without)
            return {};
        auto others = placed_;
        others[at] = false;
        const auto merged = TRY(merge_one(base, others, at, *without));
        reports_[at].confirmed = merged.clean && merged.text == text_;
        return {};
    }

    Result<void> merge(const std::string &base, std::size_t at)
    {
        const auto merged = TRY(merge_one(base, placed_, at, text_));
        auto &report = reports_[at];
        if (!merged.clean) {
            report.conflict = merged.conflict;
            return {};
        }
        report.place = merged.text == text_ ? Place::there : Place::merged;
        report.line = report.place == Place::merged ? first_difference(text_, merged.text) : 0;
        report.inside = heading_of(merged.text, report.line);
        text_ = merged.text;
        placed_[at] = true;
        return {};
    }

    Workbench &bench_;
    const MergeLabels &labels_;
    const FilePatch &changes_;
    std::string text_;
    Chosen placed_;
    std::vector<HunkReport> reports_;
};

class Porter
{
  public:
    Porter(const Env &env, Workbench &bench, const PortInput &input)
        : runner_(env.runner), bench_(bench), input_(input),
          pristine_(read_touched_files(env.files, input.tree, input.hooks)), state_(pristine_), base_(input.base)
    {
    }

    Result<std::vector<HookReport>> run()
    {
        std::vector<HookReport> reports;
        for (const auto &hook : input_.hooks) {
            HookReport report;
            report.name = hook.name;
            report.description = hook.description;
            for (const auto &changes : hook.files)
                report.diffs += TRY(port_file(changes, report.hunks));
            reports.push_back(std::move(report));
        }
        TRY(prove(reports));
        return reports;
    }

  private:
    // The diff for the new kernel; what became of the hunks is added to `reports`.
    Result<std::string> port_file(const FilePatch &changes, std::vector<HunkReport> &reports)
    {
        const auto base = state_of(base_, changes.path);
        const auto before = state_of(state_, changes.path);
        std::string diff;
        auto mine = reports_of(changes);
        if (before) {
            FilePort port(bench_, input_.labels, changes, *before);
            TRY(port.run(base));
            diff = TRY(bench_.difference(changes.path, *before, port.text()));
            state_[changes.path] = port.text();
            mine = std::move(port.reports());
        }
        for (std::size_t at = 0; at < mine.size(); ++at) {
            if (mine[at].is_missing())
                explain(changes.hunks[at], base, mine[at]);
            reports.push_back(std::move(mine[at]));
        }
        if (base) // as the next hook finds it
            base_[changes.path] = TRY(bench_.patch(*base, changes)).text;
        return diff;
    }

    void explain(const Hunk &hunk, const std::optional<std::string> &base, HunkReport &report)
    {
        report.text = hunk.text;
        const auto place = base ? place_of(hunk, *base) : 0;
        report.inside = place == 0 ? hunk.section : heading_of(*base, place + hunk.leading_context());
        const auto text = state_of(pristine_, report.file);
        report.look = text ? where_to_look(runner_, input_.tree, report.file, *text, hunk, report.inside)
                           : where_the_file_is(runner_, input_.tree, report.file);
    }

    // Otherwise only a build would find a patch that does not fit exactly.
    Result<void> prove(const std::vector<HookReport> &reports)
    {
        auto texts = pristine_;
        for (const auto &report : reports) {
            if (report.diffs.empty())
                continue;
            const auto hook = TRY(parse_hook(report.name, report.diffs));
            for (const auto &changes : hook.files) {
                auto patched = TRY(bench_.patch(texts[changes.path], changes));
                if (!std::ranges::all_of(patched.fates, &HunkFate::exactly))
                    return failure(fmt::format("the new {} does not fit {} exactly", report.name, changes.path));
                texts[changes.path] = std::move(patched.text);
            }
        }
        return {};
    }

    static std::optional<std::string> state_of(const SourceFiles &texts, const std::string &path)
    {
        const auto found = texts.find(path);
        return found == texts.end() ? std::nullopt : std::optional(found->second);
    }

    ProcessRunner &runner_;
    Workbench &bench_;
    const PortInput &input_;
    SourceFiles pristine_;
    SourceFiles state_;
    SourceFiles base_;
};

} // namespace

SourceFiles read_touched_files(Filesystem &files, const std::filesystem::path &tree,
                               const std::vector<HookPatch> &hooks)
{
    SourceFiles texts;
    for (const auto &hook : hooks) {
        for (const auto &changes : hook.files) {
            if (auto text = files.read(tree / changes.path); text)
                texts.emplace(changes.path, std::move(*text));
        }
    }
    return texts;
}

Result<std::vector<HookReport>> port_hooks(const Env &env, Workbench &bench, const PortInput &input)
{
    return Porter(env, bench, input).run();
}

} // namespace krun
