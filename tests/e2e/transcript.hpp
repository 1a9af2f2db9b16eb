// SPDX-License-Identifier: MIT
// What a scenario did and saw: all of it in a file, and a short line for each step on stdout.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace krun
{

class Transcript
{
  public:
    Transcript(std::string name, const std::filesystem::path &file);

    // A short line for both; it tells how long after the scenario's beginning.
    void step(const std::string &text);
    void command(const std::string &script);
    void text(const std::string &text);

    [[nodiscard]] const std::filesystem::path &file() const { return path_; }

  private:
    using Clock = std::chrono::steady_clock;
    std::string name_;
    std::filesystem::path path_;
    std::ofstream file_;
    Clock::time_point started_ = Clock::now();
};

} // namespace krun
