// SPDX-License-Identifier: MIT
// The hooks that there are; see known_hooks.hpp.
#include "hooks/known_hooks.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <string_view>
#include <toml++/toml.h>

#include "util/text.hpp"

namespace krun
{
namespace
{

std::vector<std::string> texts_of(const toml::table &table, const char *key)
{
    std::vector<std::string> texts;
    if (const auto *array = table[key].as_array()) {
        for (const auto &element : *array)
            texts.push_back(element.value_or(std::string()));
    }
    return texts;
}

std::vector<FileTest> tests_of(const toml::table &table, const char *key)
{
    std::vector<FileTest> tests;
    if (const auto *array = table[key].as_array()) {
        for (const auto &element : *array) {
            FileTest test;
            if (const auto *named = element.as_table())
                test = {(*named)["file"].value_or(std::string()), texts_of(*named, "has")};
            tests.push_back(std::move(test));
        }
    }
    return tests;
}

Hook hook_in(const toml::table &table)
{
    Hook hook;
    hook.name = table["name"].value_or(std::string());
    hook.required = table["required"].value_or(true);
    hook.needed = tests_of(table, "needed");
    hook.done = tests_of(table, "done");
    hook.by_itself = table["by_itself"].value_or(std::string());
    hook.without = table["without"].value_or(std::string());
    hook.whole = texts_of(table, "whole");
    return hook;
}

// A misspelled key would say nothing, and one of another type as little.
std::string mistake_in_keys(const toml::table &hook)
{
    using toml::node_type;
    static const std::map<std::string_view, node_type> known = {
        {"name", node_type::string}, {"required", node_type::boolean}, {"needed", node_type::array},
        {"done", node_type::array},  {"by_itself", node_type::string}, {"without", node_type::string},
        {"whole", node_type::array}};
    const auto name = hook["name"].value_or(std::string());
    for (const auto &[key, node] : hook) {
        const auto expected = known.find(key.str());
        if (expected == known.end())
            return fmt::format("the hook {} has an unknown key `{}`", name, key.str());
        if (node.type() != expected->second)
            return fmt::format("the key `{}` of the hook {} is of the wrong type", key.str(), name);
    }
    return {};
}

bool is_useless(const FileTest &test)
{
    const auto is_empty = [](const std::string &text) { return text.empty(); };
    return test.file.empty() || test.has.empty() || std::any_of(test.has.begin(), test.has.end(), is_empty);
}

// Such a hook would be left out, or put in, without anybody being told why. Nothing, if it is good.
std::string mistake_in(const Hook &hook, const std::vector<Hook> &before)
{
    if (hook.name.empty())
        return "a hook lacks the key `name`";
    if (std::any_of(before.begin(), before.end(), [&hook](const Hook &other) { return other.name == hook.name; }))
        return fmt::format("there are two hooks {}", hook.name);
    if (!hook.required && hook.without.empty())
        return fmt::format("the hook {} lacks the key `without`", hook.name);
    if ((!hook.needed.empty() || !hook.done.empty()) && hook.by_itself.empty())
        return fmt::format("the hook {} lacks the key `by_itself`", hook.name);
    for (const auto *tests : {&hook.needed, &hook.done}) {
        if (std::any_of(tests->begin(), tests->end(), is_useless))
            return fmt::format("the hook {} looks for something without `file` or without texts in `has`", hook.name);
    }
    return {};
}

// "6.12": two numbers.
bool is_series(const std::string &text)
{
    const auto parts = split(text, '.');
    return parts.size() == 2 && std::all_of(parts.begin(), parts.end(), [](const std::string &part) {
               return !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
           });
}

Result<std::vector<Hook>> read_list(Filesystem &files, const std::filesystem::path &path)
{
    const auto text = files.read(path);
    if (!text)
        return failure(fmt::format("no kernel hooks in {}", path.parent_path().string()),
                       "run krunctl from its clone, or name the clone with KRUN_DATA");
    std::vector<Hook> hooks;
    try {
        const auto parsed = toml::parse(*text, path.string());
        for (const auto &[key, node] : parsed) {
            if (key.str() != "hook" || !node.is_array_of_tables())
                return failure(
                    fmt::format("{}:{}: `{}` is no [[hook]]", path.string(), node.source().begin.line, key.str()));
        }
        const auto *array = parsed["hook"].as_array();
        for (std::size_t at = 0; array != nullptr && at < array->size(); ++at) {
            const auto *table = (*array)[at].as_table();
            auto hook = hook_in(*table);
            auto mistake = mistake_in(hook, hooks);
            if (mistake.empty())
                mistake = mistake_in_keys(*table);
            if (!mistake.empty())
                return failure(fmt::format("{}:{}: {}", path.string(), table->source().begin.line, mistake));
            hooks.push_back(std::move(hook));
        }
    } catch (const toml::parse_error &error) {
        return failure(fmt::format("{}:{}: {}", path.string(), error.source().begin.line, error.description()));
    }
    if (hooks.empty())
        return failure(fmt::format("{} names no hook", path.string()));
    return hooks;
}

// Otherwise it would be left out without a word.
Result<Hook *> hook_for(std::vector<Hook> &hooks, const std::string &name, const std::filesystem::path &place)
{
    const auto found = std::ranges::find(hooks, name, &Hook::name);
    if (found == hooks.end())
        return failure(fmt::format("{} is for no hook that hooks.toml names", place.string()));
    return &*found;
}

Result<void> add_variant(Filesystem &files, Hook &hook, const std::string &series, const std::filesystem::path &file)
{
    const auto text = TRY(files.read(file));
    auto patch = TRY(parse_hook(file.string(), text));
    hook.variants.push_back({series, file, std::move(patch)});
    return {};
}

std::vector<std::filesystem::path> patches_in(Filesystem &files, const std::filesystem::path &folder)
{
    std::vector<std::filesystem::path> patches;
    for (const auto &name : files.list(folder).value_or(std::vector<std::string>())) {
        if (name.ends_with(".patch"))
            patches.push_back(folder / name);
    }
    return patches;
}

// NAME/SERIES.patch
Result<void> add_common_variants(Filesystem &files, const std::filesystem::path &folder, std::vector<Hook> &hooks)
{
    for (const auto &name : files.list(folder).value_or(std::vector<std::string>())) {
        if (!files.is_directory(folder / name))
            continue;
        auto *hook = TRY(hook_for(hooks, name, folder / name));
        for (const auto &file : patches_in(files, folder / name)) {
            if (!is_series(file.stem().string()))
                return failure(fmt::format("{} is not named for a series of kernels, as 6.12.patch is", file.string()));
            TRY(add_variant(files, *hook, file.stem().string(), file));
        }
    }
    return {};
}

// LINE/hooks/NAME.patch
Result<void> add_variants_of_lines(Filesystem &files, const std::filesystem::path &lines, std::vector<Hook> &hooks)
{
    for (const auto &line : files.list(lines).value_or(std::vector<std::string>())) {
        for (const auto &file : patches_in(files, lines / line / "hooks")) {
            auto *hook = TRY(hook_for(hooks, file.stem().string(), file));
            TRY(add_variant(files, *hook, line, file));
        }
    }
    return {};
}

std::vector<unsigned long> age_of(const HookVariant &variant) { return numbers_of(variant.series); }

} // namespace

Result<std::vector<Hook>> load_hooks(Filesystem &files, const std::filesystem::path &data)
{
    const auto folder = data / "kernel/hooks";
    auto hooks = TRY(read_list(files, folder / "hooks.toml"));
    TRY(add_common_variants(files, folder, hooks));
    TRY(add_variants_of_lines(files, data / "kernel/lines", hooks));
    for (auto &hook : hooks) {
        if (hook.variants.empty())
            return failure(
                fmt::format("the hook {} has no variant: {} has no patch", hook.name, (folder / hook.name).string()));
        std::ranges::stable_sort(hook.variants, {}, age_of);
    }
    return hooks;
}

const HookVariant &variant_for(const Hook &hook, const std::string &series)
{
    const auto newer = std::ranges::upper_bound(hook.variants, numbers_of(series), {}, age_of);
    return newer == hook.variants.begin() ? hook.variants.front() : *(newer - 1);
}

std::size_t changed_lines(const std::vector<Hook> &hooks, const std::string &series)
{
    std::size_t changed = 0;
    const auto is_change = [](const std::string &line) { return line.starts_with('+') || line.starts_with('-'); };
    for (const auto &hook : hooks) {
        for (const auto &file : variant_for(hook, series).patch.files) {
            for (const auto &hunk : file.hunks)
                changed += static_cast<std::size_t>(std::count_if(hunk.lines.begin(), hunk.lines.end(), is_change));
        }
    }
    return changed;
}

} // namespace krun
