// SPDX-License-Identifier: MIT
// Progress of long work, on stderr: a bar that is redrawn on a terminal, an occasional plain line elsewhere.
// Each thread may have its own Progress at the same time: the bars are below each other. Each thread may say()
// something.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace krun
{

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

// A line for the waiting user, on stderr: "krunctl: ...".
void say(const std::string &text);

} // namespace krun
