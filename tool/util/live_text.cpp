// SPDX-License-Identifier: MIT
// Text that takes its own place; see live_text.hpp.
//
// The cursor rests below the text, so that whatever follows, a shell's prompt for one, leaves the last version
// readable. A terminal that was resized may have folded the old lines, and nobody can say where they begin: it is
// cleared.
#include "util/live_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace krun
{

namespace
{

constexpr std::size_t usual_lines = 24;
constexpr std::size_t usual_columns = 80;

// A positive number in the environment. Whatever else is there was not meant for us.
std::optional<std::size_t> number_in(const char *variable)
{
    const char *value = std::getenv(variable);
    const std::string_view text = value == nullptr ? "" : value;
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number == 0)
        return {};
    return number;
}

} // namespace

Room room_on_stdout()
{
    Room room{number_in("LINES"), number_in("COLUMNS")};
    if (isatty(STDOUT_FILENO) == 0)
        return room;
    winsize size{};
    const bool says = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
    room.lines = says && size.ws_row > 0 ? size.ws_row : room.lines.value_or(usual_lines);
    room.columns = says && size.ws_col > 0 ? size.ws_col : room.columns.value_or(usual_columns);
    return room;
}

LiveText::LiveText(bool in_place) : in_place_(in_place && isatty(STDOUT_FILENO) != 0) {}

Room LiveText::room() const
{
    Room room = room_on_stdout();
    if (in_place_ && *room.lines > 1)
        --*room.lines;
    return room;
}

bool LiveText::is_out_of_shape() const { return in_place_ && lines_shown_ > 0 && room_on_stdout() != shown_on_; }

bool LiveText::show(const std::string &text)
{
    std::string written = text;
    if (in_place_ && lines_shown_ > 0)
        written.insert(0, is_out_of_shape() ? "\x1b[H\x1b[2J" : fmt::format("\x1b[{}A\x1b[J", lines_shown_));
    lines_shown_ = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    shown_on_ = room_on_stdout();
    std::fputs(written.c_str(), stdout); // fmt::print() would throw when there is no reader
    return std::fflush(stdout) == 0;
}

} // namespace krun
