// SPDX-License-Identifier: MIT
// Hooks put into a tree; see apply_hooks.hpp.
#include "hooks/apply_hooks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hooks/hook_patch.hpp"
#include "util/terminal.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr const char *record = ".krun-hooks.json";

// "hunk 2 of kernel/exit.c has no place; look at linux/kernel/exit.c, at about line 17"
std::string complaint_about(const FittedHook &hook, const HookedSource &source)
{
    auto text = fmt::format("the hook {} does not fit: {}", hook.name, hook.reason);
    if (hook.file.empty())
        return text;
    text += fmt::format("; look at {}", source.folder.empty() ? hook.file : (source.folder / hook.file).string());
    if (source.folder.empty() && !source.name.empty())
        text += " of " + source.name;
    if (hook.line > 0)
        text += fmt::format(", at about line {}", hook.line);
    return text;
}

} // namespace

Result<void> expect_required(const FittedHooks &hooks, const HookedSource &source)
{
    std::string text;
    for (const auto &hook : hooks) {
        if (hook.required && hook.fit == Fit::missing)
            text += (text.empty() ? "" : "\n") + complaint_about(hook, source);
    }
    if (text.empty())
        return {};
    return failure(text, source.folder.empty() ? "unpack that source, and fit the hooks to it with `krunctl port TREE`"
                                               : fmt::format("fit the hooks to it with `krunctl port {}`",
                                                             shell_quoted(source.folder.string())));
}

std::string choice_in_words(const FittedHooks &hooks)
{
    std::vector<std::string> placed;
    std::vector<std::string> others;
    for (const auto &hook : hooks) {
        if (hook.fit == Fit::placed)
            placed.push_back(fmt::format("{} ({})", hook.name, hook.series));
        else if (hook.fit == Fit::not_needed)
            others.push_back(hook.name);
    }
    return fmt::format("hooks: {}{}{}", fmt::join(placed, ", "),
                       others.empty() ? "" : "; not needed: ", fmt::join(others, ", "));
}

std::vector<std::string> notes_on(const FittedHooks &hooks)
{
    std::vector<std::string> notes;
    for (const auto &hook : hooks) {
        if (hook.fit == Fit::missing)
            notes.push_back(fmt::format("without the hook {}, as {}: {}", hook.name, hook.reason, hook.without));
        else if (hook.fuzz > 0)
            notes.push_back(
                fmt::format("the hook {}, of Linux {}, fits with fuzz {}", hook.name, hook.series, hook.fuzz));
    }
    return notes;
}

Result<void> apply_hooks(const Env &env, const FittedHooks &hooks, const std::filesystem::path &tree)
{
    for (const auto &hook : hooks) {
        if (hook.fit != Fit::placed)
            continue;
        TRY(apply_patch(env.runner, tree, hook.patch, "the hook " + hook.name));
    }
    return env.files.write(tree / record, as_json(hooks).dump(2) + "\n");
}

Result<nlohmann::ordered_json> fit_and_apply(const Env &env, const std::filesystem::path &data,
                                             const std::filesystem::path &tree, const std::string &series,
                                             const HookedSource &source)
{
    const auto hooks = TRY(load_hooks(env.files, data));
    const auto &there = env.dry_run() ? source.folder : tree;
    const auto fitted =
        there.empty() ? foreseen_hooks(hooks, series) : TRY(fit_hooks(env.for_scratch(), hooks, there, series));
    TRY(expect_required(fitted, source));
    say(choice_in_words(fitted));
    for (const auto &note : notes_on(fitted))
        say("note: " + note);
    TRY(apply_hooks(env, fitted, tree));
    return as_json(fitted);
}

nlohmann::ordered_json applied_hooks(Filesystem &files, const std::filesystem::path &tree)
{
    const auto text = files.read(tree / record);
    auto json = text ? nlohmann::ordered_json::parse(*text, nullptr, false) : nlohmann::ordered_json();
    return json.is_array() ? json : nlohmann::ordered_json();
}

const HookPatch *patch_on_record(const std::vector<Hook> &hooks, const nlohmann::ordered_json &entry)
{
    for (const auto &hook : hooks) {
        for (const auto &variant : hook.variants) {
            if (hook.name == entry.value("hook", "") && place_in_data(variant.file) == entry.value("patch", ""))
                return &variant.patch;
        }
    }
    return nullptr;
}

std::string fragment_of(const nlohmann::ordered_json &applied)
{
    std::string names;
    for (const auto &hook : applied) {
        if (hook.value("result", "") == name_of(Fit::missing))
            names += (names.empty() ? "" : " ") + hook.value("hook", "");
    }
    return names.empty() ? names : fmt::format("CONFIG_KRUN_WITHOUT=\"{}\"\n", names);
}

} // namespace krun
