// SPDX-License-Identifier: MIT
// The programs of one part of a longer job: what they cost, and an end to them from another thread.
#pragma once

#include <atomic>

#include "util/process.hpp"

namespace krun
{

// Used by the thread that does the part; stop() may be called by any.
class PartRunner : public ProcessRunner
{
  public:
    explicit PartRunner(ProcessRunner &runner) : runner_(runner) {}
    Result<ProcessResult> run(const Command &command) override;
    // The program that runs is ended as on Ctrl-C, and no other starts: ExitCode::interrupted.
    void stop() { stop_ = true; }
    [[nodiscard]] double cpu_seconds() const { return cpu_seconds_; } // of all programs that have ended

  private:
    ProcessRunner &runner_;
    std::atomic<bool> stop_ = false;
    double cpu_seconds_ = 0;
};

} // namespace krun
