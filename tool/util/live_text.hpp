// SPDX-License-Identifier: MIT
// Text on stdout that changes: on a terminal each version takes the place of the one before, elsewhere they follow one
// another.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace krun
{

// What there is room for; nothing: for as much as one likes.
struct Room {
    std::optional<std::size_t> lines;
    std::optional<std::size_t> columns;

    bool operator==(const Room &) const = default;
};

// A terminal has as much as it says, or, when it does not, as LINES and COLUMNS say, or 24 lines of 80 columns. Other
// outputs have what LINES and COLUMNS say.
Room room_on_stdout();

class LiveText
{
  public:
    // Without `in_place` nothing is replaced, whatever stdout is.
    explicit LiveText(bool in_place);

    [[nodiscard]] bool in_place() const { return in_place_; }
    // For text that ends with a newline: on a terminal the cursor's line is left free.
    [[nodiscard]] Room room() const;
    // Whether the terminal has another size than when the text was shown.
    [[nodiscard]] bool is_out_of_shape() const;
    // False when it could not be written.
    bool show(const std::string &text);

  private:
    bool in_place_;
    std::size_t lines_shown_ = 0;
    Room shown_on_;
};

} // namespace krun
