// SPDX-License-Identifier: MIT
// What is on a terminal: progress, text that is redrawn, and the terminal itself.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <termios.h>
#include <utility>

namespace krun
{

// Progress of long work, on stderr: a bar that is redrawn on a terminal, an occasional plain line elsewhere.
// Each thread may have its own Progress at the same time: the bars are below each other. Each thread may say()
// something.

// Used by the thread that created it.
class Progress
{
  public:
    // `total` 0: unknown, so a growing count is shown instead of a fraction.
    Progress(std::string title, std::size_t total);
    ~Progress();
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    void advance(const std::string &detail = {}); // one more unit is done; `detail` names it
    void set(std::size_t done, const std::string &detail = {});
    void finish(const std::string &summary); // leaves one plain line "title: summary (12 s)"
    // None is shown from now on, for a dry run: nothing makes progress there.
    static void hide(bool hidden);

  private:
    void draw(bool force);
    std::string title_;
    std::size_t total_;
    std::size_t done_ = 0;
    std::string detail_;
    bool terminal_;
    std::chrono::steady_clock::time_point started_;
    std::chrono::steady_clock::time_point drawn_;
};

// A line for the waiting user, on stderr: "krunctl: ...", by the name of this program.
void say(const std::string &text);

// Text on stdout that changes: on a terminal each version takes the place of the one before, elsewhere they follow one
// another.

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

// The terminal that krunctl was started on, lent to a shell in the guest.

// While it exists, keys reach us one by one and unchanged (even Ctrl-C, which is for the guest's shell).
class RawTerminal
{
  public:
    explicit RawTerminal(int descriptor);
    RawTerminal(const RawTerminal &) = delete;
    RawTerminal &operator=(const RawTerminal &) = delete;
    ~RawTerminal();

  private:
    int descriptor_;
    bool changed_ = false;
    termios saved_{};
};

// Rows and columns; 24 by 80 when the terminal does not say.
std::pair<unsigned, unsigned> terminal_size(int descriptor);

} // namespace krun
