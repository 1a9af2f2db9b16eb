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

// How long the word, string, macro or operator is that the text begins with.
std::size_t token_size(std::string_view text)
{
    if (text.front() == '"' || text.front() == '\'') {
        const auto end = text.find(text.front(), 1);
        return end == std::string_view::npos ? text.size() : end + 1;
    }
    if (text.starts_with("$(")) {
        int depth = 0;
        for (std::size_t at = 1; at < text.size(); ++at) {
            depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
            if (depth == 0)
                return at + 1;
        }
        return text.size();
    }
    for (const std::string_view two : {"&&", "||", "!=", "<=", ">="}) {
        if (text.starts_with(two))
            return two.size();
    }
    const auto *const end = std::find_if_not(text.begin(), text.end(), is_word);
    return std::max<std::size_t>(end - text.begin(), 1);
}

std::vector<std::string_view> tokens_of(std::string_view text)
{
    std::vector<std::string_view> tokens;
    while (!text.empty()) {
        const auto size = token_size(text);
        if (std::isspace(static_cast<unsigned char>(text.front())) == 0)
            tokens.push_back(text.substr(0, size));
        text.remove_prefix(size);
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

    Evaluated disjunction()
    {
        const auto begin = at_;
        auto all = conjunction();
        while (take("||"))
            all = evaluated(std::max(all.value, conjunction().value), begin);
        return all;
    }

  private:
    Evaluated conjunction()
    {
        auto all = factor();
        while (take("&&")) {
            const auto one = factor();
            all.value = std::min(all.value, one.value);
            all.unmet.insert(all.unmet.end(), one.unmet.begin(), one.unmet.end());
        }
        return all;
    }

    Evaluated factor()
    {
        const auto begin = at_;
        if (take("!"))
            return evaluated(static_cast<Tristate>(2 - static_cast<int>(factor().value)), begin);
        if (take("(")) {
            auto inside = disjunction();
            take(")");
            return inside;
        }
        const auto left = next();
        for (const auto *operation : {"=", "!=", "<", "<=", ">", ">="}) {
            if (take(operation))
                return evaluated(compare(left, operation, next()) ? Tristate::yes : Tristate::no, begin);
        }
        return evaluated(left.starts_with("$(") ? Tristate::yes : tristate_of(text_of(left)), begin);
    }

    // Of the tokens from `begin` to here, as they are written.
    [[nodiscard]] Evaluated evaluated(Tristate value, std::size_t begin) const
    {
        if (value != Tristate::no || begin == at_)
            return {value, {}};
        const auto *const end = tokens_[at_ - 1].data() + tokens_[at_ - 1].size();
        return {value, {std::string(tokens_[begin].data(), end)}};
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

    [[nodiscard]] bool compare(const std::string &left, std::string_view operation, const std::string &right) const
    {
        if (left.find("$(") != std::string::npos || right.find("$(") != std::string::npos)
            return true;
        const auto left_text = text_of(left);
        const auto right_text = text_of(right);
        if (operation == "=" || operation == "!=")
            return (left_text == right_text) == (operation == "=");
        const auto left_number = std::strtoll(left_text.c_str(), nullptr, 0);
        const auto right_number = std::strtoll(right_text.c_str(), nullptr, 0);
        if (left_number == right_number)
            return operation.ends_with('=');
        return (left_number < right_number) == operation.starts_with('<');
    }

    bool take(std::string_view token)
    {
        if (at_ >= tokens_.size() || tokens_[at_] != token)
            return false;
        ++at_;
        return true;
    }
    std::string next() { return at_ < tokens_.size() ? std::string(tokens_[at_++]) : std::string(); }

    std::vector<std::string_view> tokens_;
    const ConfigValues &values_;
    std::size_t at_ = 0;
};

} // namespace

Evaluated evaluate(std::string_view expression, const ConfigValues &values)
{
    return Parser(expression, values).disjunction();
}

bool is_symbol(std::string_view expression)
{
    return !expression.empty() && std::all_of(expression.begin(), expression.end(), is_word);
}

} // namespace krun
