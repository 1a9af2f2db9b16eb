// SPDX-License-Identifier: MIT
// Which variant of each hook fits best; see fitting.hpp.
#include "hooks/fitting.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <tuple>

#include "hooks/source_text.hpp"

namespace krun
{
namespace
{

using Texts = std::map<std::string, std::string>; // by path below the tree

bool has_in_order(const std::string &text, const std::vector<std::string> &wanted)
{
    if (wanted.empty())
        return false;
    for (auto at = text.find(wanted.front()); at != std::string::npos; at = text.find(wanted.front(), at + 1)) {
        const auto end = std::min(text.find("\n}", at), text.size());
        auto from = at + wanted.front().size();
        bool all = true;
        for (std::size_t next = 1; all && next < wanted.size(); ++next) {
            const auto found = text.find(wanted[next], from);
            all = found < end;
            from = found + wanted[next].size();
        }
        if (all)
            return true;
    }
    return false;
}

FittedHook about(const Hook &hook, Fit fit)
{
    FittedHook fitted;
    fitted.name = hook.name;
    fitted.required = hook.required;
    fitted.without = hook.without;
    fitted.fit = fit;
    return fitted;
}

FittedHook placed_by(const Hook &hook, const HookVariant &variant)
{
    auto fitted = about(hook, Fit::placed);
    fitted.series = variant.series;
    fitted.patch = variant.file;
    return fitted;
}

// How far one variant gets.
struct Attempt {
    FittedHook hook;
    Texts texts; // that it changes

    // The first one is told.
    void miss(const std::string &what, const std::string &where, std::size_t at)
    {
        if (hook.fit == Fit::missing)
            return;
        hook.fit = Fit::missing;
        hook.reason = what;
        hook.file = where;
        hook.line = at;
    }
};

class Fitter
{
  public:
    Fitter(Filesystem &files, Workbench &bench, const std::filesystem::path &tree, const std::string &series)
        : files_(files), bench_(bench), tree_(tree), series_(series)
    {
    }

    Result<FittedHook> fit(const Hook &hook)
    {
        if (does_without(hook)) {
            auto fitted = about(hook, Fit::not_needed);
            fitted.reason = hook.by_itself;
            return fitted;
        }
        auto best = TRY(best_of(hook));
        if (best.hook.fit == Fit::placed) { // the next hook finds it there
            for (auto &[path, text] : best.texts)
                texts_[path] = std::move(text);
        }
        return best.hook;
    }

  private:
    std::optional<std::string> text_of(const std::string &path)
    {
        if (const auto known = texts_.find(path); known != texts_.end())
            return known->second;
        auto text = files_.read(tree_ / path);
        if (!text)
            return std::nullopt;
        return texts_.emplace(path, std::move(*text)).first->second;
    }

    bool has(const FileTest &test)
    {
        const auto text = text_of(test.file);
        return text && has_in_order(*text, test.has);
    }

    bool does_without(const Hook &hook)
    {
        const auto is_met = [this](const FileTest &test) { return has(test); };
        return !std::all_of(hook.needed.begin(), hook.needed.end(), is_met) ||
               (!hook.done.empty() && std::all_of(hook.done.begin(), hook.done.end(), is_met));
    }

    Result<Attempt> best_of(const Hook &hook)
    {
        const auto *named = &variant_for(hook, series_);
        std::optional<Attempt> best;
        std::tuple<Fit, std::size_t, unsigned, std::ptrdiff_t> best_rank;
        for (const auto &variant : hook.variants) {
            auto tried = TRY(attempt(hook, variant));
            const std::tuple rank(tried.hook.fit, tried.hook.hunks - tried.hook.placed, tried.hook.fuzz,
                                  std::abs(&variant - named));
            if (best && best_rank <= rank)
                continue;
            best = std::move(tried);
            best_rank = rank;
        }
        return std::move(*best);
    }

    Result<Attempt> attempt(const Hook &hook, const HookVariant &variant)
    {
        Attempt one{placed_by(hook, variant), {}};
        for (const auto &path : hook.whole) {
            if (!changes(variant.patch, path) && files_.exists(tree_ / path))
                one.miss(fmt::format("{} would be left as it is", path), path, 0);
        }
        for (const auto &changes : variant.patch.files) {
            one.hook.hunks += changes.hunks.size();
            const auto text = text_of(changes.path);
            if (!text) {
                one.miss(fmt::format("{} is not in the tree", changes.path), {}, 0);
                continue;
            }
            auto patched = TRY(bench_.patch(*text, changes));
            for (std::size_t at = 0; at < changes.hunks.size(); ++at) {
                const auto &hunk = changes.hunks[at];
                const auto &fate = patched.fates[at];
                if (!is_trustworthy(changes.path, hunk, fate, patched.text)) {
                    one.miss(fmt::format("hunk {} of {} has no place", hunk.number, changes.path), changes.path,
                             hunk.old_line);
                    continue;
                }
                ++one.hook.placed;
                one.hook.fuzz = std::max(one.hook.fuzz, fate.fuzz);
            }
            one.texts[changes.path] = std::move(patched.text);
        }
        return one;
    }

    Filesystem &files_;
    Workbench &bench_;
    const std::filesystem::path &tree_;
    const std::string &series_;
    Texts texts_; // as the hooks before have left them
};

} // namespace

std::string place_in_data(const std::filesystem::path &patch)
{
    const auto folder = patch.parent_path();
    return (folder.parent_path().filename() / folder.filename() / patch.filename()).string();
}

bool is_trustworthy(const std::string &path, const Hunk &hunk, const HunkFate &fate, const std::string &patched)
{
    if (!fate.placed)
        return false;
    // At an end of the file there is no context on one side, and patch(1) knows it for the end.
    const auto leading = hunk.leading_context();
    const auto trailing = hunk.trailing_context();
    const auto context = std::min(leading == 0 ? trailing : leading, trailing == 0 ? leading : trailing);
    if (fate.fuzz > 0 && fate.fuzz >= context)
        return false;
    const auto wanted = name_in_heading(hunk.section);
    const auto found = name_in_heading(heading_of(patched, fate.line + leading));
    // Outside of C, what the hunk names is only something above it.
    const bool is_c = path.ends_with(".c") || path.ends_with(".h");
    return wanted.empty() || (found.empty() && !is_c) || wanted == found;
}

Result<FittedHooks> fit_hooks(const Env &env, const std::vector<Hook> &hooks, const std::filesystem::path &tree,
                              const std::string &series)
{
    auto bench = TRY(Workbench::make(env));
    Fitter fitter(env.files, bench, tree, series);
    FittedHooks fitted;
    for (const auto &hook : hooks)
        fitted.push_back(TRY(fitter.fit(hook)));
    return fitted;
}

FittedHooks foreseen_hooks(const std::vector<Hook> &hooks, const std::string &series)
{
    FittedHooks foreseen;
    for (const auto &hook : hooks)
        foreseen.push_back(placed_by(hook, variant_for(hook, series)));
    return foreseen;
}

bool lacks_required(const FittedHooks &hooks)
{
    return std::any_of(hooks.begin(), hooks.end(),
                       [](const FittedHook &hook) { return hook.required && hook.fit == Fit::missing; });
}

const char *name_of(Fit fit)
{
    constexpr std::array names = {"placed", "not needed", "missing"};
    return names.at(static_cast<std::size_t>(fit));
}

nlohmann::ordered_json as_json(const FittedHooks &hooks)
{
    auto array = nlohmann::ordered_json::array();
    for (const auto &hook : hooks) {
        nlohmann::ordered_json json = {{"hook", hook.name}, {"required", hook.required}, {"result", name_of(hook.fit)}};
        if (!hook.series.empty())
            json["variant"] = hook.series;
        if (hook.fit == Fit::placed)
            json.update({{"patch", place_in_data(hook.patch)}, {"fuzz", hook.fuzz}});
        else
            json["reason"] = hook.reason;
        if (hook.fit == Fit::missing && !hook.without.empty())
            json["without"] = hook.without;
        array.push_back(std::move(json));
    }
    return array;
}

} // namespace krun
