// SPDX-License-Identifier: MIT
// The readings of `krunctl watch`, one after the other, on stdout.
#pragma once

#include <string>
#include <vector>

#include "host/cpu_activity.hpp"
#include "util/terminal.hpp"

namespace krun
{

struct WatchOptions {
    unsigned count = 0; // of readings; 0: until Ctrl-C
    double interval = 1.0;
    bool json = false;
};

class LiveWatch
{
  public:
    LiveWatch(CounterSource &source, const WatchOptions &options);

    // Until there have been enough readings, somebody interrupts, or nobody reads any more. answer_is_no if a counter
    // got smaller meanwhile.
    Result<ExitCode> run();

  private:
    Result<void> watch();
    bool show(const ActivityReading &reading);
    bool wait(double seconds, const ActivityReading *shown);
    void report(const std::vector<CounterDecrease> &decreases);

    ActivityMeter meter_;
    WatchOptions options_;
    LiveText text_;
    bool decreased_ = false;
    std::vector<CounterDecrease> kept_; // until nothing is redrawn any more
    std::size_t forgotten_ = 0;
};

} // namespace krun
