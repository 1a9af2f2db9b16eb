// SPDX-License-Identifier: MIT
// The terminal that krunctl was started on, lent to a shell in the guest.
#pragma once

#include <termios.h>
#include <utility>

namespace krun
{

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
