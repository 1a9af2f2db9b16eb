// SPDX-License-Identifier: MIT
// Small text helpers missing from the standard library.
#include "util/text.hpp"

#include <algorithm>
#include <cctype>

namespace krun
{
namespace
{

bool is_space(char character) { return std::isspace(static_cast<unsigned char>(character)) != 0; }

// Characters that mean nothing to a shell; `~` and `#` do at the beginning of a word, so they are not here.
bool is_plain(char character)
{
    return std::isalnum(static_cast<unsigned char>(character)) != 0 ||
           std::string_view("_-./:=,+@%").find(character) != std::string_view::npos;
}

} // namespace

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::vector<std::string> lines_of(std::string_view text)
{
    auto lines = split(text, '\n');
    if (lines.back().empty())
        lines.pop_back();
    return lines;
}

std::vector<std::string> words_of(std::string_view text)
{
    std::vector<std::string> words;
    auto at = text.begin();
    for (;;) {
        at = std::find_if_not(at, text.end(), is_space);
        if (at == text.end())
            return words;
        const auto end = std::find_if(at, text.end(), is_space);
        words.emplace_back(at, end);
        at = end;
    }
}

std::string trim(std::string_view text)
{
    const auto begin = std::find_if_not(text.begin(), text.end(), is_space);
    const auto end = std::find_if_not(text.rbegin(), std::make_reverse_iterator(begin), is_space).base();
    return {begin, end};
}

std::string shell_quoted(std::string_view word)
{
    if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain))
        return std::string(word);
    std::string quoted_word = "'";
    for (const char character : word) {
        if (character == '\'')
            quoted_word += "'\\''";
        else
            quoted_word += character;
    }
    return quoted_word + "'";
}

std::string last_lines(std::string_view text, std::size_t count)
{
    const auto lines = lines_of(text);
    std::string tail;
    for (auto at = lines.size() > count ? lines.size() - count : 0; at < lines.size(); ++at)
        tail += lines[at] + "\n";
    return tail;
}

} // namespace krun
