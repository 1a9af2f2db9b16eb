// SPDX-License-Identifier: MIT

#include "util/terminal.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <mutex>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include "util/text.hpp"

namespace krun
{

// Progress of long work on stderr.
//
// On a terminal the bars of all work in progress are below each other at the bottom of the text. The cursor rests at
// the end of the lowest; to say something, all are erased and drawn again below the message.

namespace
{

using namespace std::chrono_literals;

constexpr auto redraw_interval = 100ms; // faster than that is flicker
constexpr auto plain_interval = 15s;    // a log needs to show life, not every step
constexpr int bar_width = 24;

// The one stderr that all threads share.
class Screen
{
  public:
    void add_bar(const Progress *owner, const std::string &line)
    {
        const std::lock_guard lock(mutex_);
        const auto bar = find(owner);
        if (bar == bars_.end())
            bars_.push_back({owner, printable(line)});
        else
            bar->line = printable(line);
        redraw({});
    }

    void remove_bar(const Progress *owner)
    {
        const std::lock_guard lock(mutex_);
        const auto bar = find(owner);
        if (bar == bars_.end())
            return;
        bars_.erase(bar);
        redraw({});
    }

    void say(const std::string &text)
    {
        const std::lock_guard lock(mutex_);
        redraw(std::string(program_invocation_short_name) + ": " + printable(text) + "\n");
    }

  private:
    struct Bar {
        const Progress *owner;
        std::string line;
    };

    std::vector<Bar>::iterator find(const Progress *owner)
    {
        return std::find_if(bars_.begin(), bars_.end(), [&](const Bar &bar) { return bar.owner == owner; });
    }

    // Erases the bars from the terminal and leaves the cursor where the first began.
    std::string erased()
    {
        if (drawn_ == 0)
            return {};
        const auto up = drawn_ > 1 ? fmt::format("\033[{}A", drawn_ - 1) : std::string();
        drawn_ = 0;
        return "\r" + up + "\033[J";
    }

    std::string drawn()
    {
        std::string text;
        const auto width = bars_.empty() ? 0 : terminal_size(STDERR_FILENO).second - 1;
        for (const auto &bar : bars_)
            text += (text.empty() ? "" : "\n") + bar.line.substr(0, width);
        drawn_ = bars_.size();
        return text;
    }

    void redraw(const std::string &said)
    {
        auto text = erased() + said;
        text += drawn();
        std::fputs(text.c_str(), stderr);
        std::fflush(stderr);
    }

    std::mutex mutex_;
    std::vector<Bar> bars_;
    std::size_t drawn_ = 0; // lines on the terminal that are bars
};

std::atomic<bool> hidden_progress = false;

Screen &screen()
{
    static Screen only;
    return only;
}

} // namespace

Progress::Progress(std::string title, std::size_t total)
    : title_(std::move(title)), total_(total), terminal_(isatty(STDERR_FILENO) == 1),
      started_(std::chrono::steady_clock::now()), drawn_(started_)
{
    if (terminal_)
        draw(true);
    else if (!hidden_progress)
        say(title_ + " ...");
}

void Progress::hide(bool hidden) { hidden_progress = hidden; }

Progress::~Progress() { screen().remove_bar(this); }

void Progress::advance(const std::string &detail) { set(done_ + 1, detail); }

void Progress::set(std::size_t done, const std::string &detail)
{
    done_ = done;
    detail_ = detail;
    draw(false);
}

void Progress::draw(bool force)
{
    if (hidden_progress)
        return;
    const auto now = std::chrono::steady_clock::now();
    if (!force && now - drawn_ < (terminal_ ? redraw_interval : std::chrono::milliseconds(plain_interval)))
        return;
    drawn_ = now;
    // The total was counted by an earlier run and may be exceeded: stay below 100 % until the work is done.
    const auto percent = total_ == 0 ? 0 : std::min<std::size_t>(99, done_ * 100 / total_);
    const auto count = total_ == 0 ? fmt::format("{}", done_) : fmt::format("{}/{}", done_, total_);
    if (!terminal_) {
        say(total_ == 0 ? fmt::format("{}: {}", title_, count) : fmt::format("{}: {} %", title_, percent));
        return;
    }
    std::string line = title_;
    if (total_ > 0) {
        const auto filled = static_cast<std::size_t>(bar_width) * percent / 100;
        line += fmt::format(" [{}{}] {:>2} %", std::string(filled, '='), std::string(bar_width - filled, ' '), percent);
    }
    screen().add_bar(this, line + fmt::format(" {} {}", count, detail_));
}

void Progress::finish(const std::string &summary)
{
    if (hidden_progress)
        return;
    screen().remove_bar(this);
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_).count();
    say(fmt::format("{}: {} ({} s)", title_, summary, seconds));
}

void say(const std::string &text) { screen().say(text); }

// Text that takes its own place.
//
// The cursor rests below the text, so that whatever follows, a shell's prompt for one, leaves the last version
// readable. A terminal that was resized may have folded the old lines, and nobody can say where they begin: it is
// cleared.

namespace
{

constexpr std::size_t usual_lines = 24;
constexpr std::size_t usual_columns = 80;

// A positive number in the environment. Whatever else is there was not meant for us.
std::optional<std::size_t> number_in(const char *variable)
{
    const char *value = std::getenv(variable);
    const auto number = whole_number<std::size_t>(value == nullptr ? "" : value);
    return number == 0U ? std::nullopt : number;
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

RawTerminal::RawTerminal(int descriptor) : descriptor_(descriptor)
{
    if (tcgetattr(descriptor_, &saved_) != 0)
        return;
    termios raw = saved_;
    cfmakeraw(&raw);
    changed_ = tcsetattr(descriptor_, TCSADRAIN, &raw) == 0;
}

RawTerminal::~RawTerminal()
{
    if (changed_)
        tcsetattr(descriptor_, TCSADRAIN, &saved_);
}

std::pair<unsigned, unsigned> terminal_size(int descriptor)
{
    winsize size{};
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return {24, 80};
    return {size.ws_row, size.ws_col};
}

} // namespace krun
