// SPDX-License-Identifier: MIT
// The symbols of a kernel tree; see kconfig_tree.hpp.
//
// Theory: not a Kconfig implementation. It is only asked after kconfig itself has refused a value, so that it has
// to know which conditions stand around a symbol, and nothing about defaults, ranges or the order of things.
#include "build/kconfig_tree.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>
#include <string_view>

#include "build/kconfig_expression.hpp"
#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr int deepest_include = 32; // the kernel's own depth is below 10; a file that includes itself ends here
constexpr std::size_t tab_width = 8;

std::size_t indentation(const std::string &line)
{
    std::size_t column = 0;
    for (const char character : line) {
        if (character == '\t')
            column = (column / tab_width + 1) * tab_width;
        else if (character == ' ')
            ++column;
        else
            break;
    }
    return column;
}

std::string unquoted(const std::string &text)
{
    const auto begin = text.find('"');
    const auto end = text.rfind('"');
    return begin == std::string::npos || end == begin ? text : text.substr(begin + 1, end - begin - 1);
}

// Where `wanted` is, outside of quotes; npos if nowhere.
std::size_t find_unquoted(const std::string &text, std::string_view wanted)
{
    bool is_quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"')
            is_quoted = !is_quoted;
        if (!is_quoted && std::string_view(text).substr(at).starts_with(wanted))
            return at;
    }
    return std::string::npos;
}

class Reader
{
  public:
    Reader(Filesystem &files, std::filesystem::path root, std::string architecture)
        : files_(files), root_(std::move(root)), architecture_(std::move(architecture))
    {
    }

    Result<void> read(const std::string &name, int depth)
    {
        const auto text = TRY(files_.read(root_ / name));
        const auto lines = lines_of(text);
        for (std::size_t at = 0; at < lines.size();) {
            auto line = lines[at++];
            while (line.ends_with('\\') && at < lines.size()) {
                line.pop_back();
                line += lines[at++];
            }
            const auto words = trim(line.substr(0, find_unquoted(line, "#")));
            if (words == "help" || words == "---help---")
                at = end_of_help(lines, at);
            else if (!words.empty())
                take(words, depth);
        }
        return {};
    }

    KconfigTree &&result() { return std::move(found_); }

  private:
    struct Block {
        std::vector<std::string> conditions;
        std::string choice; // its prompt, if the block is a choice
    };
    enum class Owner { nobody, symbol, block }; // of attributes

    static std::size_t end_of_help(const std::vector<std::string> &lines, std::size_t at)
    {
        while (at < lines.size() && trim(lines[at]).empty())
            ++at;
        if (at == lines.size() || indentation(lines[at]) == 0)
            return at;
        const auto column = indentation(lines[at]);
        while (at < lines.size() && (trim(lines[at]).empty() || indentation(lines[at]) >= column))
            ++at;
        return at;
    }

    void take(const std::string &line, int depth)
    {
        const auto keyword = words_of(line).front();
        const auto rest = trim(line.substr(keyword.size()));
        if (keyword == "config" || keyword == "menuconfig")
            begin_config(rest);
        else if (keyword == "menu" || keyword == "choice")
            open({}, Owner::block);
        else if (keyword == "if")
            open({{rest}, {}}, Owner::nobody);
        else if (keyword == "endmenu" || keyword == "endchoice" || keyword == "endif")
            close();
        else if (keyword == "source" || keyword == "osource")
            include(unquoted(rest), depth);
        else if (keyword == "comment" || keyword == "mainmenu")
            owner_ = Owner::nobody; // a comment's own `depends on` does not matter
        else
            take_attribute(keyword, rest);
    }

    void begin_config(const std::string &name)
    {
        owner_ = Owner::symbol;
        symbol_ = name;
        KconfigDefinition definition;
        for (const auto &block : blocks_) {
            definition.conditions.insert(definition.conditions.end(), block.conditions.begin(), block.conditions.end());
            if (!block.choice.empty())
                definition.choice = block.choice;
        }
        found_.symbols[name].push_back(std::move(definition));
    }

    void open(Block block, Owner owner)
    {
        owner_ = owner;
        blocks_.push_back(std::move(block));
    }

    void close()
    {
        owner_ = Owner::nobody;
        if (!blocks_.empty())
            blocks_.pop_back();
    }

    void include(std::string name, int depth)
    {
        owner_ = Owner::nobody;
        const std::string variable = "$(SRCARCH)";
        for (auto at = name.find(variable); at != std::string::npos; at = name.find(variable))
            name.replace(at, variable.size(), architecture_);
        // What another variable names is made by the build (external modules) and has no symbols of ours.
        if (name.find('$') == std::string::npos && depth < deepest_include)
            static_cast<void>(read(name, depth + 1)); // a missing file costs its symbols only
    }

    void take_attribute(const std::string &keyword, const std::string &rest)
    {
        static const std::set<std::string> with_prompt = {"bool", "tristate", "string", "int", "hex", "prompt"};
        if (owner_ == Owner::nobody)
            return;
        if (keyword == "depends") {
            auto &conditions = owner_ == Owner::symbol ? definition().conditions : blocks_.back().conditions;
            conditions.push_back(rest.starts_with("on") ? trim(rest.substr(2)) : rest);
        } else if (with_prompt.contains(keyword) && rest.starts_with('"')) {
            if (owner_ == Owner::symbol) {
                definition().has_prompt = true;
                if (const auto condition = find_unquoted(rest, " if "); condition != std::string::npos)
                    definition().prompt_condition = trim(rest.substr(condition + 4));
            } else {
                blocks_.back().choice = unquoted(rest);
            }
        } else if (keyword == "select" && owner_ == Owner::symbol) {
            const auto words = words_of(rest);
            if (!words.empty())
                found_.selected_by[words.front()].push_back(symbol_);
        }
    }

    KconfigDefinition &definition() { return found_.symbols[symbol_].back(); }

    Filesystem &files_;
    std::filesystem::path root_;
    std::string architecture_;
    std::vector<Block> blocks_;
    Owner owner_ = Owner::nobody;
    std::string symbol_;
    KconfigTree found_;
};

constexpr std::size_t named_selectors = 4;

std::vector<std::string> unmet_parts(const KconfigDefinition &definition, const ConfigValues &values)
{
    std::vector<std::string> unmet;
    auto conditions = definition.conditions;
    if (!definition.prompt_condition.empty())
        conditions.push_back(definition.prompt_condition);
    for (const auto &condition : conditions) {
        for (auto &part : evaluate(condition, values).unmet) {
            if (std::find(unmet.begin(), unmet.end(), part) == unmet.end())
                unmet.push_back(std::move(part));
        }
    }
    return unmet;
}

// Of several definitions the one nearest to being possible, preferring those that can be requested.
const KconfigDefinition &nearest(const std::vector<KconfigDefinition> &definitions, const ConfigValues &values)
{
    return *std::ranges::min_element(definitions, {}, [&values](const KconfigDefinition &definition) {
        return std::pair(!definition.has_prompt, unmet_parts(definition, values).size());
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

// `deeper`: also of the symbols that it needs.
std::string explain(const KconfigTree &tree, const ConfigValues &values, const std::string &symbol, bool deeper)
{
    const auto found = tree.symbols.find(symbol);
    if (found == tree.symbols.end())
        return "there is no such symbol in this kernel";
    const auto &definition = nearest(found->second, values);
    if (auto unmet = unmet_parts(definition, values); !unmet.empty()) {
        for (auto &part : unmet) {
            if (deeper && is_symbol(part))
                part += fmt::format(" (off: {})", explain(tree, values, part, false));
            else if (part.starts_with('!') && is_symbol(part.substr(1)))
                part += fmt::format(" (it is {})", value_of(values, part.substr(1)));
        }
        return fmt::format("needs {}", fmt::join(unmet, ", and "));
    }
    if (!definition.has_prompt)
        return selectors(tree, symbol);
    if (!definition.choice.empty())
        return fmt::format("another one was chosen for \"{}\"", definition.choice);
    return deeper ? "its dependencies are met; something selects it, or limits its value" : "not requested";
}

} // namespace

Result<KconfigTree> read_kconfig(Filesystem &files, const std::filesystem::path &tree, const std::string &architecture)
{
    Reader reader(files, tree, architecture);
    TRY(reader.read("Kconfig", 0));
    return reader.result();
}

std::string explain_unmet(const KconfigTree &tree, const ConfigValues &final_values, const std::string &symbol)
{
    return explain(tree, final_values, symbol, true);
}

} // namespace krun
