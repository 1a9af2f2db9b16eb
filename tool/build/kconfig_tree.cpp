// SPDX-License-Identifier: MIT

#include "build/kconfig_tree.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <optional>

#include "build/kconfig_expression.hpp"
#include "util/text.hpp"

namespace krun
{

// The symbols of a kernel tree.
//
// Theory: not a Kconfig implementation. It is only asked after kconfig itself has refused a value, so that it has
// to know which conditions stand around a symbol, and nothing about defaults, ranges or the order of things.

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

// The text after " if " outside of quotes; empty if there is none.
std::string trailing_condition(const std::string &text)
{
    bool quoted_text = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"')
            quoted_text = !quoted_text;
        if (!quoted_text && std::string_view(text).substr(at).starts_with(" if "))
            return trim(text.substr(at + 4));
    }
    return {};
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
            const auto words = trim(line.substr(0, comment_begin(line)));
            if (words == "help" || words == "---help---")
                at = end_of_help(lines, at);
            else if (!words.empty())
                take(words, depth);
        }
        return {};
    }

    KconfigTree &&result() { return std::move(found_); }

  private:
    enum class Entry { none, config, menu, choice };
    struct Block {
        Entry kind = Entry::none;
        std::vector<std::string> conditions;
        std::string prompt;
    };

    static std::size_t comment_begin(const std::string &line)
    {
        bool quoted_text = false;
        for (std::size_t at = 0; at < line.size(); ++at) {
            if (line[at] == '"')
                quoted_text = !quoted_text;
            if (line[at] == '#' && !quoted_text)
                return at;
        }
        return std::string::npos;
    }

    static std::size_t end_of_help(const std::vector<std::string> &lines, std::size_t at)
    {
        while (at < lines.size() && trim(lines[at]).empty())
            ++at;
        if (at == lines.size())
            return at;
        const auto column = indentation(lines[at]);
        if (column == 0)
            return at;
        while (at < lines.size() && (trim(lines[at]).empty() || indentation(lines[at]) >= column))
            ++at;
        return at;
    }

    void take(const std::string &line, int depth)
    {
        const auto space = std::find_if(line.begin(), line.end(), [](unsigned char c) { return std::isspace(c) != 0; });
        const std::string keyword(line.begin(), space);
        const auto rest = trim(std::string(space, line.end()));
        if (keyword == "config" || keyword == "menuconfig")
            begin_config(rest);
        else if (keyword == "menu" || keyword == "choice")
            open({keyword == "menu" ? Entry::menu : Entry::choice, {}, keyword == "menu" ? unquoted(rest) : ""});
        else if (keyword == "if")
            open({Entry::none, {rest}, {}});
        else if (keyword == "endmenu" || keyword == "endchoice" || keyword == "endif")
            close();
        else if (keyword == "source" || keyword == "osource")
            include(unquoted(rest), depth);
        else if (keyword == "comment" || keyword == "mainmenu")
            entry_ = Entry::none; // a comment's own `depends on` does not matter
        else
            take_attribute(keyword, rest);
    }

    void begin_config(const std::string &name)
    {
        entry_ = Entry::config;
        symbol_ = name;
        KconfigDefinition definition;
        for (const auto &block : blocks_) {
            definition.conditions.insert(definition.conditions.end(), block.conditions.begin(), block.conditions.end());
            if (block.kind == Entry::choice)
                definition.choice = block.prompt;
        }
        found_.symbols[name].push_back(std::move(definition));
    }

    void open(Block block)
    {
        entry_ = block.kind;
        blocks_.push_back(std::move(block));
    }

    void close()
    {
        entry_ = Entry::none;
        if (!blocks_.empty())
            blocks_.pop_back();
    }

    void include(std::string name, int depth)
    {
        entry_ = Entry::none;
        const std::string variable = "$(SRCARCH)";
        for (auto at = name.find(variable); at != std::string::npos; at = name.find(variable))
            name.replace(at, variable.size(), architecture_);
        // What another variable names is made by the build (external modules) and has no symbols of ours.
        if (name.find('$') == std::string::npos && depth < deepest_include)
            static_cast<void>(read(name, depth + 1)); // a missing file costs its symbols only
    }

    void take_attribute(const std::string &keyword, const std::string &rest)
    {
        if (keyword == "depends") {
            const auto condition = rest.starts_with("on") ? trim(rest.substr(2)) : rest;
            if (entry_ == Entry::config)
                definition().conditions.push_back(condition);
            else if (entry_ != Entry::none)
                blocks_.back().conditions.push_back(condition);
            return;
        }
        const bool type = keyword == "bool" || keyword == "tristate" || keyword == "string" || keyword == "int" ||
                          keyword == "hex" || keyword == "prompt";
        if (type && rest.starts_with('"')) {
            if (entry_ == Entry::config) {
                definition().has_prompt = true;
                definition().prompt_condition = trailing_condition(rest);
            } else if (entry_ == Entry::choice) {
                blocks_.back().prompt = unquoted(rest);
            }
        } else if (keyword == "select" && entry_ == Entry::config) {
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
    Entry entry_ = Entry::none; // what an attribute belongs to
    std::string symbol_;
    KconfigTree found_;
};

} // namespace

Result<KconfigTree> read_kconfig(Filesystem &files, const std::filesystem::path &tree, const std::string &architecture)
{
    Reader reader(files, tree, architecture);
    TRY(reader.read("Kconfig", 0));
    return reader.result();
}

namespace
{

constexpr std::size_t named_selectors = 4;

std::vector<std::string> unmet_parts(const KconfigDefinition &definition, const ConfigValues &values)
{
    auto conditions = definition.conditions;
    if (!definition.prompt_condition.empty())
        conditions.push_back(definition.prompt_condition);
    std::vector<std::string> unmet;
    for (const auto &condition : conditions) {
        for (auto &part : conjuncts(condition)) {
            if (evaluate(part, values) == Tristate::no && std::find(unmet.begin(), unmet.end(), part) == unmet.end())
                unmet.push_back(std::move(part));
        }
    }
    return unmet;
}

// Of several definitions the one nearest to being possible, preferring those that can be requested.
const KconfigDefinition &nearest(const std::vector<KconfigDefinition> &definitions, const ConfigValues &values)
{
    return *std::min_element(definitions.begin(), definitions.end(), [&values](const auto &left, const auto &right) {
        return std::pair(!left.has_prompt, unmet_parts(left, values).size()) <
               std::pair(!right.has_prompt, unmet_parts(right, values).size());
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

std::string explain(const KconfigTree &tree, const ConfigValues &values, const std::string &symbol, bool deeper);

// One unmet part, with why the symbol in it is as it is.
std::string explain_part(const KconfigTree &tree, const ConfigValues &values, const std::string &part, bool deeper)
{
    if (is_symbol(part)) {
        if (!deeper)
            return part;
        return fmt::format("{} (off: {})", part, explain(tree, values, part, false));
    }
    if (part.starts_with('!') && is_symbol(part.substr(1)))
        return fmt::format("{} (it is {})", part, value_of(values, part.substr(1)));
    return part;
}

std::string explain(const KconfigTree &tree, const ConfigValues &values, const std::string &symbol, bool deeper)
{
    const auto found = tree.symbols.find(symbol);
    if (found == tree.symbols.end())
        return "there is no such symbol in this kernel";
    const auto &definition = nearest(found->second, values);
    const auto unmet = unmet_parts(definition, values);
    if (!unmet.empty()) {
        std::vector<std::string> parts;
        parts.reserve(unmet.size());
        for (const auto &part : unmet)
            parts.push_back(explain_part(tree, values, part, deeper));
        return fmt::format("needs {}", fmt::join(parts, ", and "));
    }
    if (!definition.has_prompt)
        return selectors(tree, symbol);
    if (!definition.choice.empty())
        return fmt::format("another one was chosen for \"{}\"", definition.choice);
    return deeper ? "its dependencies are met; something selects it, or limits its value" : "not requested";
}

} // namespace

std::string explain_unmet(const KconfigTree &tree, const ConfigValues &final_values, const std::string &symbol)
{
    return explain(tree, final_values, symbol, true);
}

} // namespace krun
