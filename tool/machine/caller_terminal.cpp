// SPDX-License-Identifier: MIT
#include "machine/caller_terminal.hpp"

#include <sys/ioctl.h>

namespace krun
{

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
