// SPDX-License-Identifier: MIT
// Progress of long work on stderr; see progress.hpp.
#include "util/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace krun
{
namespace
{

using namespace std::chrono_literals;

constexpr auto redraw_interval = 100ms; // faster than that is flicker
constexpr auto plain_interval = 15s;    // a log needs to show life, not every step
constexpr int bar_width = 24;

// True while the line under the cursor is a bar, which a plain line has to overwrite.
bool bar_is_drawn = false;

std::size_t terminal_width()
{
    winsize size = {};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void put(const std::string &text)
{
    std::fputs(text.c_str(), stderr);
    std::fflush(stderr);
}

void erase_bar()
{
    if (bar_is_drawn)
        put("\r\033[K");
    bar_is_drawn = false;
}

} // namespace

Progress::Progress(std::string title, std::size_t total)
    : title_(std::move(title)), total_(total), terminal_(isatty(STDERR_FILENO) == 1),
      started_(std::chrono::steady_clock::now()), drawn_(started_)
{
    if (terminal_)
        draw(true);
    else
        say(title_ + " ...");
}

Progress::~Progress()
{
    if (!finished_)
        erase_bar();
}

void Progress::advance(const std::string &detail) { set(done_ + 1, detail); }

void Progress::set(std::size_t done, const std::string &detail)
{
    done_ = done;
    detail_ = detail;
    draw(false);
}

void Progress::draw(bool force)
{
    const auto now = std::chrono::steady_clock::now();
    if (!force && now - drawn_ < (terminal_ ? redraw_interval : std::chrono::milliseconds(plain_interval)))
        return;
    drawn_ = now;
    // A total is what an earlier run counted, so it may be overrun: stay below 100 % until the work says it is done.
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
    line += fmt::format(" {} {}", count, detail_);
    put("\r\033[K" + line.substr(0, terminal_width() - 1));
    bar_is_drawn = true;
}

void Progress::finish(const std::string &summary)
{
    finished_ = true;
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_).count();
    say(fmt::format("{}: {} ({} s)", title_, summary, seconds));
}

void say(const std::string &text)
{
    erase_bar();
    put("krunctl: " + text + "\n");
}

} // namespace krun
