// SPDX-License-Identifier: MIT
// Text: cutting it up, reading and quoting it, and the word that somebody meant.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace krun
{

std::vector<std::string> split(std::string_view text, char separator);
std::vector<std::string> lines_of(std::string_view text);
std::vector<std::string> words_of(std::string_view text); // split at white space, no empty words
std::string trim(std::string_view text);
// Of the first line "NAME: value", as in /proc; empty if there is none.
std::string field_of(std::string_view text, std::string_view name);
// A number and nothing else; nothing when it does not fit.
template <class Number> std::optional<Number> whole_number(std::string_view text)
{
    Number number{};
    const auto *const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(number) : std::nullopt;
}
std::string shell_quoted(std::string_view word); // as it is when it needs no quotes
// For text of somebody else's (a guest, a package, another program): valid UTF-8 with nothing in it that a terminal
// would obey. Newlines and tabs stay; other control characters and what is no UTF-8 become "\x1b".
std::string printable(std::string_view text);
// For text between tags and in quoted attributes of HTML or SVG.
std::string html_escaped(std::string_view text);
std::string last_lines(std::string_view text, std::size_t count);

// The numbers of a version, to compare: {6, 12} of "6.12", which comes after "6.6".
std::vector<unsigned long> numbers_of(const std::string &version);

// The word that somebody meant who has mistyped it.

// How many letters must be inserted, deleted or replaced, or neighbours swapped, to turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to);

// The one of `known` that is nearest to `word`, or that alone begins with it; empty when none is near enough to be a
// good guess.
std::string nearest_word(std::string_view word, const std::vector<std::string> &known);

// "did you mean `build`?", or `otherwise` when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string> &known, const std::string &otherwise);

} // namespace krun
