// SPDX-License-Identifier: MIT

#include "build/kconfig_expression.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "util/text.hpp"

namespace krun
{
namespace
{

constexpr std::string_view prefix = "CONFIG_";
constexpr std::string_view unset_prefix = "# CONFIG_";
constexpr std::string_view unset_suffix = " is not set";

} // namespace

ConfigValues parse_config(std::string_view text)
{
    ConfigValues values;
    for (const auto &line : lines_of(text)) {
        const auto words = trim(line);
        if (words.starts_with(unset_prefix) && words.ends_with(unset_suffix)) {
            values[words.substr(unset_prefix.size(), words.size() - unset_prefix.size() - unset_suffix.size())] = "n";
        } else if (words.starts_with(prefix)) {
            const auto equals = words.find('=');
            if (equals != std::string::npos)
                values[words.substr(prefix.size(), equals - prefix.size())] = words.substr(equals + 1);
        }
    }
    return values;
}

std::string value_of(const ConfigValues &values, const std::string &symbol)
{
    const auto found = values.find(symbol);
    return found == values.end() ? "n" : found->second;
}

std::string config_line(const std::string &symbol, const std::string &value)
{
    if (value == "n")
        return "# CONFIG_" + symbol + " is not set";
    return "CONFIG_" + symbol + "=" + value;
}

// Kconfig's expressions.
//
// Theory: a recursive-descent parser with the kernel's three values, where && is the minimum, || the maximum and ! the
// difference to yes. What the build system computes ("$(cc-option,...)") cannot be known here and counts as yes, so
// that it is never blamed.

namespace
{

bool is_word(char character)
{
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_' || character == '.' ||
           character == '-';
}

// The end of the word, string, macro or operator at `at`.
std::size_t token_end(std::string_view text, std::size_t at)
{
    if (text[at] == '"' || text[at] == '\'') {
        const auto end = text.find(text[at], at + 1);
        return end == std::string_view::npos ? text.size() : end + 1;
    }
    if (text.substr(at, 2) == "$(") {
        int depth = 0;
        for (; at < text.size(); ++at) {
            depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
            if (depth == 0 && text[at] == ')')
                return at + 1;
        }
        return at;
    }
    for (const std::string_view two : {"&&", "||", "!=", "<=", ">="}) {
        if (text.substr(at, 2) == two)
            return at + 2;
    }
    auto end = at;
    while (end < text.size() && is_word(text[end]))
        ++end;
    return end == at ? at + 1 : end;
}

std::vector<std::string> tokens_of(std::string_view text)
{
    std::vector<std::string> tokens;
    for (std::size_t at = 0; at < text.size();) {
        if (std::isspace(static_cast<unsigned char>(text[at])) != 0) {
            ++at;
            continue;
        }
        const auto end = token_end(text, at);
        tokens.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return tokens;
}

Tristate tristate_of(const std::string &value)
{
    return value == "y" ? Tristate::yes : value == "m" ? Tristate::module : Tristate::no;
}

class Parser
{
  public:
    Parser(std::string_view text, const ConfigValues &values) : tokens_(tokens_of(text)), values_(values) {}

    Tristate disjunction()
    {
        auto value = conjunction();
        while (take("||"))
            value = std::max(value, conjunction());
        return value;
    }

  private:
    Tristate conjunction()
    {
        auto value = factor();
        while (take("&&"))
            value = std::min(value, factor());
        return value;
    }

    Tristate factor()
    {
        if (take("!"))
            return static_cast<Tristate>(2 - static_cast<int>(factor()));
        if (take("(")) {
            const auto value = disjunction();
            take(")");
            return value;
        }
        const auto left = next();
        for (const auto *operation : {"=", "!=", "<", "<=", ">", ">="}) {
            if (take(operation))
                return compare(left, operation, next()) ? Tristate::yes : Tristate::no;
        }
        return left.starts_with("$(") ? Tristate::yes : tristate_of(text_of(left));
    }

    // The value of a token: a symbol's value, or itself.
    [[nodiscard]] std::string text_of(const std::string &token) const
    {
        if (token.size() >= 2 && (token.front() == '"' || token.front() == '\''))
            return token.substr(1, token.size() - 2);
        if (token == "y" || token == "m" || token == "n")
            return token;
        if (const auto found = values_.find(token); found != values_.end())
            return found->second.starts_with('"') ? found->second.substr(1, found->second.size() - 2) : found->second;
        const bool number = !token.empty() && std::isdigit(static_cast<unsigned char>(token.front())) != 0;
        return number ? token : "n";
    }

    [[nodiscard]] bool compare(const std::string &left, const std::string &operation, const std::string &right) const
    {
        if (left.find("$(") != std::string::npos || right.find("$(") != std::string::npos)
            return true;
        const auto left_text = text_of(left);
        const auto right_text = text_of(right);
        if (operation == "=")
            return left_text == right_text;
        if (operation == "!=")
            return left_text != right_text;
        const auto left_number = std::strtoll(left_text.c_str(), nullptr, 0);
        const auto right_number = std::strtoll(right_text.c_str(), nullptr, 0);
        if (operation.front() == '<')
            return left_number < right_number || (operation == "<=" && left_number == right_number);
        return left_number > right_number || (operation == ">=" && left_number == right_number);
    }

    bool take(std::string_view token)
    {
        if (at_ >= tokens_.size() || tokens_[at_] != token)
            return false;
        ++at_;
        return true;
    }
    std::string next() { return at_ < tokens_.size() ? tokens_[at_++] : std::string(); }

    std::vector<std::string> tokens_;
    const ConfigValues &values_;
    std::size_t at_ = 0;
};

bool is_wrapped(std::string_view text)
{
    if (text.empty() || text.front() != '(' || text.back() != ')')
        return false;
    int depth = 0;
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
        depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
        if (depth == 0)
            return false;
    }
    return true;
}

} // namespace

Tristate evaluate(std::string_view expression, const ConfigValues &values)
{
    return Parser(expression, values).disjunction();
}

std::vector<std::string> conjuncts(std::string_view expression)
{
    const auto text = trim(expression);
    if (is_wrapped(text))
        return conjuncts(std::string_view(text).substr(1, text.size() - 2));
    std::vector<std::string> parts;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); at = token_end(text, at)) {
        const auto rest = std::string_view(text).substr(at);
        if (depth == 0 && rest.starts_with("||"))
            return {text}; // a disjunction as a whole: || binds less than &&
        if (depth == 0 && rest.starts_with("&&")) {
            parts.push_back(text.substr(begin, at - begin));
            begin = at + 2;
        }
        depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
    }
    if (parts.empty())
        return {text};
    parts.push_back(text.substr(begin));
    std::vector<std::string> all;
    for (const auto &part : parts) {
        const auto nested = conjuncts(part);
        all.insert(all.end(), nested.begin(), nested.end());
    }
    return all;
}

bool is_symbol(std::string_view expression)
{
    return !expression.empty() && std::all_of(expression.begin(), expression.end(), is_word);
}

} // namespace krun
