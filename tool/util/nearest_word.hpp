// SPDX-License-Identifier: MIT
// The word that somebody meant who has mistyped it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace krun
{

// How many letters must be inserted, deleted or replaced, or neighbours swapped, to turn one word into the other.
std::size_t edit_distance(std::string_view from, std::string_view to);

// The one of `known` that is nearest to `word`, or that alone begins with it; empty when none is near enough to be a
// good guess.
std::string nearest_word(std::string_view word, const std::vector<std::string> &known);

// "did you mean `build`?", or `otherwise` when nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string> &known, const std::string &otherwise);

} // namespace krun
