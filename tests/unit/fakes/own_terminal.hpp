// SPDX-License-Identifier: MIT
// A pseudo-terminal in place of stdout or stderr, and what somebody in front of it would see.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace krun
{

// The lines that are left of what was written. Knows the few control sequences that krunctl uses.
std::vector<std::string> lines_seen(const std::string &written);

// While it lives, the descriptor is a terminal that nobody looks at but us. Child processes inherit it.
class OwnTerminal
{
  public:
    explicit OwnTerminal(int descriptor, unsigned short lines = 24, unsigned short columns = 80);
    OwnTerminal(const OwnTerminal &) = delete;
    OwnTerminal &operator=(const OwnTerminal &) = delete;
    ~OwnTerminal();

    void resize(unsigned short lines, unsigned short columns) const;
    // Once the lines are as `expected` says; false if they have not become so within a minute.
    bool comes_to_show(const std::function<bool(const std::vector<std::string> &)> &expected);
    std::vector<std::string> seen(); // so far
    // Everything that was written; the descriptor is the old one from now on. Not before all children have ended.
    std::string written();

  private:
    int descriptor_;
    int terminal_;
    int before_;
    std::mutex mutex_;
    std::string written_;
    std::thread reader_;
};

} // namespace krun
