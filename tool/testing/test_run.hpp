// SPDX-License-Identifier: MIT
// One `krunctl test`: the steps of the plan, told as they go, and what they sum up to.
#pragma once

#include <deque>
#include <vector>

#include "testing/line_run.hpp"
#include "testing/tier.hpp"
#include "testing/tier_plan.hpp"

namespace krun
{

class TestRun
{
  public:
    TestRun(ProcessRunner &runner, Filesystem &files, std::vector<KernelLine> lines, FuzzSettings fuzz);

    // Runs one step and prints what came of it. A tier that could not be run has failed; an Error is an interruption,
    // or a log that cannot be written.
    Result<void> run(const TierStep &step);

    [[nodiscard]] const Tally &total() const { return total_; }
    // Of the lines whose kernel was wanted.
    [[nodiscard]] std::vector<LineStatus> statuses();

  private:
    Result<Tally> run_tier(TierContext &context, const TierStep &step);
    LineRun *line_called(const std::string &name); // null: there is none

    ProcessRunner &runner_;
    Filesystem &files_;
    std::vector<KernelLine> lines_;
    FuzzSettings fuzz_;
    std::deque<LineRun> runs_; // one for each of lines_
    Tally total_;
};

} // namespace krun
