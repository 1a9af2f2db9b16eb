// SPDX-License-Identifier: MIT
// Progress of long work on stderr; see progress.hpp.
//
// On a terminal the bars of all work in progress are below each other at the bottom of the text. The cursor rests at
// the end of the lowest; to say something, all are erased and drawn again below the message.
#include "util/progress.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fmt/format.h>
#include <mutex>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vector>

#include "util/text.hpp"

namespace krun
{
namespace
{

using namespace std::chrono_literals;

constexpr auto redraw_interval = 100ms; // faster than that is flicker
constexpr auto plain_interval = 15s;    // a log needs to show life, not every step
constexpr int bar_width = 24;

std::size_t terminal_width()
{
    winsize size = {};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

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
        redraw("krunctl: " + printable(text) + "\n");
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
        const auto width = bars_.empty() ? 0 : terminal_width() - 1;
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

} // namespace krun
