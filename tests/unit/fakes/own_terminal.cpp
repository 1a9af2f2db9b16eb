// SPDX-License-Identifier: MIT
#include "own_terminal.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <tuple>
#include <unistd.h>

namespace krun
{

using namespace std::chrono_literals;

std::vector<std::string> lines_seen(const std::string &written)
{
    std::vector<std::string> lines(1);
    std::size_t row = 0;
    std::size_t column = 0;
    for (std::size_t at = 0; at < written.size(); ++at) {
        if (written[at] == '\r') {
            column = 0;
        } else if (written[at] == '\n') { // the terminal itself puts the \r before it
            lines.resize(std::max(lines.size(), ++row + 1));
        } else if (written[at] == '\033') {
            std::size_t number = 0;
            for (at += 2; at < written.size() && std::isdigit(static_cast<unsigned char>(written[at])) != 0; ++at)
                number = number * 10 + static_cast<std::size_t>(written[at] - '0');
            if (at == written.size()) // the rest is not here yet
                break;
            if (written[at] == 'A')
                row -= std::min(row, number);
            else if (written[at] == 'H')
                row = column = 0;
            else if (written[at] == 'J' && number == 2)
                lines.assign(row + 1, "");
            else if (written[at] == 'J' && number == 0)
                lines.resize(row + 1);
            else
                ADD_FAILURE() << "this terminal does not know the control sequence ESC [ " << number << written[at];
            lines[row].resize(column);
        } else {
            lines[row].resize(std::max(lines[row].size(), column + 1));
            lines[row][column++] = written[at];
        }
    }
    return lines;
}

OwnTerminal::OwnTerminal(int descriptor, unsigned short lines, unsigned short columns)
    : descriptor_(descriptor), terminal_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)),
      before_(fcntl(descriptor, F_DUPFD_CLOEXEC, 3))
{
    grantpt(terminal_);
    unlockpt(terminal_);
    const int other_end = open(ptsname(terminal_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    resize(lines, columns);
    dup2(other_end, descriptor);
    close(other_end);
    reader_ = std::thread([this] {
        std::array<char, 4096> chunk{};
        for (ssize_t size = 0; (size = read(terminal_, chunk.data(), chunk.size())) > 0;) {
            const std::lock_guard lock(mutex_);
            written_.append(chunk.data(), static_cast<std::size_t>(size));
        }
    });
}

OwnTerminal::~OwnTerminal()
{
    if (reader_.joinable())
        std::ignore = written();
    close(before_);
    close(terminal_);
}

void OwnTerminal::resize(unsigned short lines, unsigned short columns) const
{
    const winsize size{lines, columns, 0, 0};
    ioctl(terminal_, TIOCSWINSZ, &size);
}

std::vector<std::string> OwnTerminal::seen()
{
    const std::lock_guard lock(mutex_);
    return lines_seen(written_);
}

bool OwnTerminal::comes_to_show(const std::function<bool(const std::vector<std::string> &)> &expected)
{
    const auto end = std::chrono::steady_clock::now() + 1min;
    while (!expected(seen())) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

std::string OwnTerminal::written()
{
    dup2(before_, descriptor_); // the last descriptor of the other end: read() above ends
    reader_.join();
    return written_;
}

} // namespace krun
