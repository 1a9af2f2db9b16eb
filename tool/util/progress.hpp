// SPDX-License-Identifier: MIT
// Progress of long work, on stderr: a bar that is redrawn on a terminal, now and then a plain line elsewhere.
// Threads may each have a Progress of their own at a time: their bars stand below each other. Each may say() something.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace krun
{

// Used by the thread that made it.
class Progress
{
  public:
    // `total` 0: not known, so that a growing count is shown instead of a fraction.
    Progress(std::string title, std::size_t total);
    ~Progress();
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    void advance(const std::string &detail = {}); // one more unit is done; `detail` names it
    void set(std::size_t done, const std::string &detail = {});
    void finish(const std::string &summary); // leaves one plain line "title: summary (12 s)"

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

// A line for the person who waits, on stderr: "krunctl: ...".
void say(const std::string &text);

} // namespace krun
