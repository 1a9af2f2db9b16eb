// SPDX-License-Identifier: MIT
// Small text helpers missing from the standard library.

#include "util/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fmt/format.h>
#include <tuple>

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

std::string field_of(std::string_view text, std::string_view name)
{
    for (const std::string &line : lines_of(text)) {
        const auto colon = line.find(':');
        if (colon != std::string::npos && trim(std::string_view(line).substr(0, colon)) == name)
            return trim(std::string_view(line).substr(colon + 1));
    }
    return {};
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

namespace
{

// Of the UTF-8 character that `text` begins with; 0 when it begins with none. A longer form than needed is none.
std::size_t size_of_character(std::string_view text)
{
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned lead = byte(0);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
    if (size == 0 || size > text.size())
        return 0;
    for (std::size_t at = 1; at < size; ++at)
        if ((byte(at) & 0xc0U) != 0x80)
            return 0;
    const bool needless = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
    const bool no_character = (lead == 0xed && byte(1) >= 0xa0) || (lead == 0xf4 && byte(1) >= 0x90);
    return needless || no_character ? 0 : size;
}

// C0, DEL and C1, which terminals obey in UTF-8 too.
bool is_control(std::string_view character)
{
    const auto first = static_cast<unsigned char>(character[0]);
    return first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

} // namespace

std::string printable(std::string_view text)
{
    std::string shown;
    while (!text.empty()) {
        const auto size = size_of_character(text);
        const auto character = text.substr(0, std::max<std::size_t>(size, 1));
        if (character == "\n" || character == "\t" || (size != 0 && !is_control(character)))
            shown += character;
        else
            for (const unsigned char byte : character)
                shown += fmt::format("\\x{:02x}", byte);
        text.remove_prefix(character.size());
    }
    return shown;
}

std::string html_escaped(std::string_view text)
{
    static const std::array<std::string, 5> entities = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    std::string escaped;
    for (const char character : printable(text)) {
        const auto special = std::string_view("&<>\"'").find(character);
        escaped += special == std::string_view::npos ? std::string(1, character) : entities[special];
    }
    return escaped;
}

std::string last_lines(std::string_view text, std::size_t count)
{
    const auto lines = lines_of(text);
    std::string tail;
    for (auto at = lines.size() > count ? lines.size() - count : 0; at < lines.size(); ++at)
        tail += lines[at] + "\n";
    return tail;
}

std::vector<unsigned long> numbers_of(const std::string &version)
{
    std::vector<unsigned long> numbers;
    for (const auto &part : split(version, '.'))
        numbers.push_back(std::strtoul(part.c_str(), nullptr, 10));
    return numbers;
}

namespace
{

constexpr std::size_t letters_for_a_beginning = 3;
constexpr std::size_t letters_for_a_mistake = 3; // one mistake in so many

std::size_t letters_in(std::string_view word)
{
    const auto first = word.find_first_not_of('-');
    return first == std::string_view::npos ? 0 : word.size() - first;
}

std::size_t common_beginning(std::string_view one, std::string_view other)
{
    return static_cast<std::size_t>(std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first -
                                    one.begin());
}

// The only one; empty when there are several.
std::string word_that_begins_with(std::string_view beginning, const std::vector<std::string> &known)
{
    std::string found;
    for (const auto &candidate : known) {
        if (!candidate.starts_with(beginning))
            continue;
        if (!found.empty())
            return {};
        found = candidate;
    }
    return found;
}

} // namespace

// The rows of the usual table, of which a swap needs the last but one as well (optimal string alignment).
std::size_t edit_distance(std::string_view from, std::string_view to)
{
    std::vector<std::size_t> before(to.size() + 1), above(to.size() + 1), row(to.size() + 1);
    for (std::size_t j = 0; j <= to.size(); j++)
        above[j] = j;
    for (std::size_t i = 1; i <= from.size(); i++) {
        row[0] = i;
        for (std::size_t j = 1; j <= to.size(); j++) {
            const std::size_t replaced = above[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
            row[j] = std::min({replaced, above[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before.swap(above);
        above.swap(row);
    }
    return above[to.size()];
}

std::string nearest_word(std::string_view word, const std::vector<std::string> &known)
{
    const auto letters = letters_in(word);
    if (letters < 2)
        return {};
    const auto most = std::max<std::size_t>(1, letters / letters_for_a_mistake);
    const std::string *nearest = nullptr;
    std::tuple<std::size_t, std::size_t, std::size_t> least;
    for (const auto &candidate : known) {
        const auto distance = edit_distance(word, candidate);
        if (distance > most)
            continue;
        // Of two that are as near, letters are rather mixed up than too many, and seldom the first ones.
        const auto longer = std::max(word.size(), candidate.size());
        const std::tuple now(distance, longer - std::min(word.size(), candidate.size()),
                             longer - common_beginning(word, candidate));
        if (nearest == nullptr || now < least) {
            nearest = &candidate;
            least = now;
        }
    }
    if (nearest != nullptr)
        return *nearest;
    return letters < letters_for_a_beginning ? std::string() : word_that_begins_with(word, known);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string> &known, const std::string &otherwise)
{
    const auto nearest = nearest_word(word, known);
    return nearest.empty() ? otherwise : "did you mean `" + nearest + "`?";
}

} // namespace krun
