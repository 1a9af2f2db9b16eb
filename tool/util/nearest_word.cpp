// SPDX-License-Identifier: MIT
#include "util/nearest_word.hpp"

#include <algorithm>
#include <tuple>

namespace krun
{
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
